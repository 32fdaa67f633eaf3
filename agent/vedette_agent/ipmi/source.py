"""The source of one BMC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.families import bmc_families
from vedette_agent.ipmi.readings import BmcReport, SelCursor, failed
from vedette_agent.ipmi.sel_follow import SelFollower
from vedette_agent.sources.error_log import ErrorLog
from vedette_agent.sources.interface import PlainSource
from vedette_shared.clock import Clock
from vedette_shared.events import Event
from vedette_shared.metrics import MetricFamily, counter

JOB = "ipmi"
SPARE_S = 1.0
"""How much longer than a reading its collection may take, so that the reading's own deadline comes first."""


class Bmc(Protocol):
    """A BMC, however it is reached.

    Attributes:
        left_behind: How many readings never came to an end.
        cpu_seconds: CPU time that readings have used in this process.
    """

    @property
    def left_behind(self) -> int: ...

    @property
    def cpu_seconds(self) -> float: ...

    async def read(self, collectors: Sequence[Collector], cursor: SelCursor | None = None) -> BmcReport:
        """Return what ``collectors`` find, and what the event log holds behind ``cursor``.

        May be cancelled at any moment. Raises CollectorError.
        """
        ...

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep what lasts from one reading to the next, where that takes a task; returns at once without any."""
        ...

    def close(self) -> None:
        """Let go of the BMC; does not block."""
        ...


class BmcSource(PlainSource):
    """Collects one BMC. One that does not answer shows in ``ipmi_up``, as ipmi_exporter has it.

    Args:
        name: Its own among the BMCs.
        bmc: The way to it.
        host: The host that it belongs to; empty for the agent's own.
        instance: The label of that name; empty for that of the host.
        labels: More labels of that other host.
        timeout: Seconds for a reading.
        clock: For durations, and the times of events.
        cursor_file: Where the place in the event log is kept; nowhere without it.
    """

    job = JOB
    reports_up = True

    def __init__(
        self,
        name: str,
        bmc: Bmc,
        collectors: tuple[Collector, ...],
        *,
        interval_ms: int,
        timeout: float,
        clock: Clock,
        host: str = "",
        instance: str = "",
        labels: Mapping[str, str] | None = None,
        cursor_file: Path | None = None,
    ) -> None:
        super().__init__()
        self.name = f"{JOB}:{name}"
        self.interval_ms = interval_ms
        self.timeout = timeout + SPARE_S
        self.fresh_for = interval_ms / 2000
        self.host, self.instance, self.labels = host, instance, dict(labels or {})
        self._bmc = bmc
        self._collectors = collectors
        self._reading_timeout = timeout
        self._clock = clock
        self._errors = ErrorLog("bmc")
        self._problems: dict[str, str] = {}
        self._follower = SelFollower(cursor_file, host)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        await self._bmc.run(task_status=task_status)

    async def collect(self) -> Sequence[MetricFamily]:
        cursor = await self._follower.prepare()
        start = self._clock.monotonic()
        report = await self._report(cursor)
        duration = self._clock.monotonic() - start
        self._problems = dict(report.errors)
        self._follower.note(report.news, self._clock.now_ms())
        left = counter("vedette_agent_ipmi_left_behind_total", "Readings of a BMC that never came to an end.")
        left.add(float(self._bmc.left_behind))
        self._last = [*bmc_families(report, self._collectors, duration), left]
        return self._last

    def take_events(self) -> Sequence[Event]:
        return self._follower.take_events()

    def events_kept(self) -> None:
        self._follower.events_kept()

    def problems(self) -> dict[str, str]:
        return self._problems

    def cpu_seconds(self) -> float:
        return self._bmc.cpu_seconds

    def close(self) -> None:
        self._bmc.close()

    async def _report(self, cursor: SelCursor | None) -> BmcReport:
        failure: Exception = CollectorError(f"no answer within {self._reading_timeout:g} s")
        with trio.move_on_after(self._reading_timeout):
            try:
                report = await self._bmc.read(self._collectors, cursor)
            except (CollectorError, OSError) as error:
                failure = error
            else:
                self._errors.note(self.name, None)
                return report
        self._errors.note(self.name, failure)
        return failed(self._collectors, str(failure))
