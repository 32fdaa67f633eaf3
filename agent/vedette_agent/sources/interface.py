"""What a source is: things that are collected together, at one interval, within one time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vedette_shared.metrics import MetricFamily


class Source(Protocol):
    """One source. Asked by one task at a time.

    Attributes:
        name: Its own among the sources; a frame bears it.
        job: The label ``job`` of what it reports.
        interval_ms: From one collection to the next.
        timeout: Seconds that a collection may take; its caller keeps them.
        on_demand: Cheap enough to be collected anew when a page is asked for.
        reports_up: Whether its frames carry ``up`` and the other series that a scrape adds: one source of a job does.
    """

    name: str
    job: str
    interval_ms: int
    timeout: float
    on_demand: bool
    reports_up: bool

    async def collect(self) -> Sequence[MetricFamily]:
        """Return what there is now.

        Raises:
            CollectorError: nothing could be collected.
        """
        ...

    def close(self) -> None:
        """Let go of threads and children; no call is under way."""
        ...


@dataclass(frozen=True, slots=True)
class Collection:
    """What came of one collection.

    Attributes:
        source: Whose.
        timestamp_ms: Wall time of its start.
        duration: Seconds.
        families: Empty where it failed.
        error: Why it failed; empty where it did not.
    """

    source: Source
    timestamp_ms: int
    duration: float
    families: Sequence[MetricFamily]
    error: str = ""
