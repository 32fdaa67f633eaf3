"""Sources of checks: scripts and plugins run in the background, their last results reported at each tick."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import trio

from vedette_agent.children import ChildEnd, ChildLimits, run_child
from vedette_agent.errors import CollectorError
from vedette_agent.sources.checks.families import check_families
from vedette_agent.sources.checks.values import CheckResult
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.refresh import Job, Refreshed, Refresher
from vedette_agent.sources.timing import rounded
from vedette_shared.clock import Clock
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

LOOK_EVERY_S = 60.0
PLUGIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/nagios/plugins"

CheckJob = Job[Sequence[CheckResult]]


@dataclass(frozen=True, slots=True)
class Script:
    """A command, and how to understand what it wrote. ``parse`` raises CollectorError."""

    name: str
    command: tuple[str, ...]
    interval: float
    limits: ChildLimits
    parse: Callable[[ChildEnd], Sequence[CheckResult]]

    async def run(self) -> Sequence[CheckResult]:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": PLUGIN_PATH}
        environment.pop("NOTIFY_SOCKET", None)
        end = await run_child(self.command, self.limits, environment)
        if end.problem:
            raise CollectorError(end.problem)
        return self.parse(end)


class CheckSource(PlainSource):
    """Checks of one kind. ``scripts`` returns those that there are now; it is asked again every minute.

    Raises CollectorError, from ``collect``, while ``scripts`` does.
    """

    reports_up = True
    timeout = 5.0

    def __init__(
        self, name: str, interval_ms: int, scripts: Callable[[], Sequence[Script]], clock: Clock, at_a_time: int = 4
    ) -> None:
        super().__init__()
        self.name = self.job = name
        self.interval_ms = interval_ms
        self._scripts = scripts
        self._clock = clock
        self._error = ""
        self._refresher: Refresher[Sequence[CheckResult]] = Refresher("script", clock, at_a_time)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        await self._refresher.run(self._jobs, LOOK_EVERY_S, task_status=task_status)

    async def collect(self) -> Sequence[MetricFamily]:
        if self._error:
            raise CollectorError(self._error)
        results = self._refresher.results
        checks = [
            (check, self._age(check, refreshed))
            for refreshed in results.values()
            if refreshed.value is not None
            for check in refreshed.value
        ]
        self._last = [*check_families(checks), *_about_scripts(results)]
        return self._last

    def problems(self) -> dict[str, str]:
        return {name: refreshed.error for name, refreshed in self._refresher.results.items() if refreshed.error}

    def _jobs(self) -> Mapping[str, CheckJob]:
        try:
            jobs = {script.name: Job(script.name, script.interval, script.run) for script in self._scripts()}
        except (CollectorError, OSError) as error:
            self._error = str(error)
            return {}
        self._error = ""
        return jobs

    def _age(self, check: CheckResult, refreshed: Refreshed[Sequence[CheckResult]]) -> float:
        if check.cached_at is not None:
            return max(self._clock.now_ms() / 1000 - check.cached_at, 0.0)
        return rounded(self._clock.monotonic() - refreshed.made_at)


def _about_scripts(results: Mapping[str, Refreshed[Sequence[CheckResult]]]) -> list[MetricFamily]:
    success = gauge("check_script_success", "Whether a script ran to its end in time and was understood.")
    duration = gauge("check_script_duration_seconds", "How long a script took.")
    for name, refreshed in results.items():
        labels = make_labels(script=name)
        success.add(0.0 if refreshed.error else 1.0, labels)
        duration.add(rounded(refreshed.duration), labels)
    return [success, duration] if results else []
