"""What a source is: things that are collected together, at one interval, within one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import trio

from vedette_shared.events import Event
from vedette_shared.metrics import MetricFamily


class Source(Protocol):
    """One source. Asked by one task at a time.

    Attributes:
        name: Its own among the sources; a frame bears it.
        job: The label ``job`` of what it reports.
        interval_ms: From one collection to the next.
        timeout: Seconds that a collection may take; its caller keeps them.
        reports_up: Whether its frames carry ``up`` and the other series that a scrape adds: one source of a job does.
        host: The label ``host`` where what it collects is another machine; empty for the agent's own.
        instance: The label ``instance``, likewise.
        labels: More labels of that other machine, in place of the agent's.
        fresh_for: Seconds for which a page shows a collection before it asks for another.
    """

    name: str
    job: str
    interval_ms: int
    timeout: float
    reports_up: bool
    host: str
    instance: str
    labels: Mapping[str, str]
    fresh_for: float

    async def collect(self) -> Sequence[MetricFamily]:
        """Return what there is now.

        Raises:
            CollectorError: nothing could be collected.
        """
        ...

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Work in the background, for what takes longer than a collection may; returns at once without any."""
        ...

    def parts(self) -> dict[str, Sequence[MetricFamily]]:
        """The families of the last collection by the name that ``collect[]`` of a page chooses them by."""
        ...

    def take_events(self) -> Sequence[Event]:
        """Return what happened since the last call, oldest first, and forget it; asked after every collection."""
        ...

    def events_kept(self) -> None:
        """Take it that all events taken so far outlive this process: what tells them from new ones may be saved."""
        ...

    def problems(self) -> dict[str, str]:
        """What is wrong with parts of it, by their names: collectors, scripts."""
        ...

    def cpu_seconds(self) -> float:
        """CPU time that its collections have used so far."""
        ...

    def close(self) -> None:
        """Let go of threads and children; no call is under way."""
        ...


class PlainSource:
    """A source without background work, whose page has one part: a base to build on."""

    name: str
    host: str = ""
    instance: str = ""
    labels: Mapping[str, str] = MappingProxyType({})
    fresh_for: float = 1.0

    def __init__(self) -> None:
        self._last: Sequence[MetricFamily] = ()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()

    def parts(self) -> dict[str, Sequence[MetricFamily]]:
        return {self.name: self._last}

    def take_events(self) -> Sequence[Event]:
        return ()

    def events_kept(self) -> None:
        pass

    def problems(self) -> dict[str, str]:
        return {}

    def cpu_seconds(self) -> float:
        return 0.0

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Collection:
    """What came of one collection.

    Attributes:
        timestamp_ms: Wall time of its start.
        duration: Seconds.
        families: Empty where it failed.
        error: Why it failed; empty where it did not.
        events: What happened since the collection before, oldest first; may come with a failure too.
    """

    timestamp_ms: int
    duration: float
    families: Sequence[MetricFamily]
    error: str = ""
    events: Sequence[Event] = ()
