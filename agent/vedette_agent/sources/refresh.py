"""Results that are made in the background, each at an interval of its own, and are read at any time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.sources.error_log import ErrorLog
from vedette_shared.clock import Clock

Value = TypeVar("Value")

MOST_BACKOFF = 8
GOOD_FOR_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Job(Generic[Value]):
    """Something to do again and again.

    Attributes:
        name: Its own among the jobs.
        interval: Seconds from one start to the next; longer while it fails.
        call: Does it, within a time that it keeps itself; raises CollectorError or OSError.
    """

    name: str
    interval: float
    call: Callable[[], Awaitable[Value]]


@dataclass(frozen=True, slots=True)
class Refreshed(Generic[Value]):
    """What a job has last made.

    Attributes:
        value: The last good one; ``None`` before it, and once it is older than some intervals.
        made_at: When, in monotonic seconds.
        duration: Seconds that the last run took.
        error: Why the last run failed; empty if it did not.
    """

    value: Value | None
    made_at: float
    duration: float
    error: str = ""


class Refresher(Generic[Value]):
    """Does jobs in the background, a bounded number at a time.

    Args:
        kind: What a job is called in the log.
        clock: For ages.
        at_a_time: How many jobs run at the same time.
    """

    def __init__(self, kind: str, clock: Clock, at_a_time: int) -> None:
        self.results: dict[str, Refreshed[Value]] = {}
        self._clock = clock
        self._slots = trio.Semaphore(at_a_time)
        self._errors = ErrorLog(kind)
        self._running: dict[str, tuple[float, trio.CancelScope]] = {}

    async def run(
        self,
        jobs: Callable[[], Mapping[str, Job[Value]]],
        look_every: float,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Do what ``jobs`` returns, and look every ``look_every`` seconds whether that has changed."""
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                wanted = jobs()
                for name in [n for n, (interval, _) in self._running.items() if not _is_wanted(wanted, n, interval)]:
                    self._running.pop(name)[1].cancel()
                    self.results.pop(name, None)
                for name, job in wanted.items():
                    if name not in self._running:
                        scope = trio.CancelScope()
                        self._running[name] = (job.interval, scope)
                        nursery.start_soon(self._repeat, job, scope)
                await trio.sleep(look_every)

    async def refresh(self, jobs: Mapping[str, Job[Value]]) -> None:
        """Do each of ``jobs`` once, now; not while ``run`` is under way."""

        async def once(job: Job[Value]) -> None:
            async with self._slots:
                await self._fails(job)

        async with trio.open_nursery() as nursery:
            for job in jobs.values():
                nursery.start_soon(once, job)

    async def _repeat(self, job: Job[Value], scope: trio.CancelScope) -> None:
        failures = 0
        with scope:
            while True:
                start = trio.current_time()
                async with self._slots:
                    failures = failures + 1 if await self._fails(job) else 0
                wait = job.interval * min(2 ** max(failures - 1, 0), MOST_BACKOFF)
                await trio.sleep_until(max(start + wait, trio.current_time()))

    async def _fails(self, job: Job[Value]) -> bool:
        start = self._clock.monotonic()
        before = self.results.get(job.name)
        try:
            value = await job.call()
        except (CollectorError, OSError) as error:
            now = self._clock.monotonic()
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            kept = before if before is not None and now - before.made_at <= GOOD_FOR_INTERVALS * job.interval else None
            self.results[job.name] = Refreshed(
                kept.value if kept else None, kept.made_at if kept else start, now - start, text
            )
            self._errors.note(job.name, error)
            return True
        self.results[job.name] = Refreshed(value, start, self._clock.monotonic() - start)
        self._errors.note(job.name, None)
        return False


def _is_wanted(wanted: Mapping[str, Job[Value]], name: str, interval: float) -> bool:
    return name in wanted and wanted[name].interval == interval
