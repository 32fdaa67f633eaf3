"""Runs a source: at its ticks, and for a page that wants it fresh; within its limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.sources.interface import Collection, Source
from vedette_agent.sources.limits import SourceLimits
from vedette_agent.sources.schedule import delay_to_grid, delay_to_next
from vedette_shared.clock import Clock
from vedette_shared.events import Event, Severity
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily, count_samples

_log = get_logger(__name__)

FAILURES_BEFORE_BACKOFF = 3
MOST_BACKOFF_S = 600.0
CPU_SPAN_S = 10.0
"""CPU time is judged over at least so long: the first collection of all reads much that later ones do not."""

MOST_EVENTS = 1000
"""Kept until they are published; the oldest go first."""

DEFAULT_LIMITS = SourceLimits()

_LOG_FIELDS = frozenset(("time", "level", "logger", "event", "exception", "event_time", "source", "severity", "host"))

Publish = Callable[[Collection], None]
Settle = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class SourceCounters:
    """What a source has done since it was started. ``limited`` counts by the limit that it hit."""

    collections: int = 0
    failures: int = 0
    limited: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("series", "cpu"), 0))


class SourceRunner:
    """Collects one source and keeps what came last.

    Args:
        source: What to collect.
        clock: Wall time for timestamps and ticks, monotonic time for ages.
        phase_ms: Where the ticks lie in the interval.
        publish: Takes each collection that a tick made.
        limits: What the source may cost.
        settle: Makes published events outlive a power cut; nothing by default.
    """

    def __init__(
        self,
        source: Source,
        clock: Clock,
        phase_ms: int,
        publish: Publish,
        limits: SourceLimits = DEFAULT_LIMITS,
        settle: Settle = trio.lowlevel.checkpoint,
    ) -> None:
        self.source = source
        self.latest: Collection | None = None
        self.counters = SourceCounters()
        self._clock = clock
        self._phase_ms = phase_ms % source.interval_ms
        self._publish = publish
        self._limits = limits
        self._settle = settle
        self._collected_at = -math.inf
        self._last_timestamp = -1
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._failures = 0
        self._rest_until = -math.inf
        self._demanded = trio.Event()
        self._collected = trio.Event()

    @property
    def age(self) -> float:
        """Seconds since the last collection began; infinite before the first."""
        return self._clock.monotonic() - self._collected_at

    async def run(self, *, ticking: bool = True, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Collect at once, at every tick and when ``fresh`` asks for it; without ``ticking`` only then."""
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.source.run)
                task_status.started()
                await self._loop(trio.current_time() if ticking else math.inf)
        finally:
            self.source.close()

    async def fresh(self, max_age: float, patience: float) -> Collection | None:
        """Return a collection that is at most ``max_age`` seconds old; after ``patience`` seconds, the last there is.

        ``run`` is under way, and makes one if need be; those who ask at the same time share it.
        """
        if self.age > max_age:
            self._demanded.set()
        if self.latest is None or self.age > max_age:
            with trio.move_on_after(patience):
                await self._collected.wait()
        return self.latest

    async def collect(self) -> Collection:
        """Collect now; not while ``run`` is under way."""
        self.latest = await self._collect()
        return self.latest

    async def _loop(self, due: float) -> None:
        interval = self.source.interval_ms
        ticking = not math.isinf(due)
        while True:
            with trio.move_on_at(due):
                await self._demanded.wait()
            is_tick = trio.current_time() >= due
            if is_tick:
                due = trio.current_time() + delay_to_next(self._clock.now_ms(), interval, self._phase_ms) / 1000
            await self._collect_and_tell(is_tick=is_tick)
            if not ticking:
                self._log_events()
            if trio.current_time() > due:
                due = trio.current_time() + delay_to_grid(self._clock.now_ms(), interval, self._phase_ms) / 1000

    async def _collect_and_tell(self, *, is_tick: bool) -> None:
        self._demanded = trio.Event()
        resting = self._clock.monotonic() < self._rest_until
        if not resting:
            self.latest = await self._collect()
        elif self._failures and self.latest is not None:
            # It is not tried just now, and still down at this moment.
            self.latest = Collection(self._stamp(), 0.0, (), self.latest.error)
        self._collected.set()
        self._collected = trio.Event()
        if is_tick and self.latest is not None and not (resting and not self._failures):
            # With all events since the tick before: collections that a page asked for are not published.
            events = tuple(self._events)
            self._publish(replace(self.latest, events=events))
            self._events.clear()
            if events:
                await self._settle()
            self.source.events_kept()

    def _log_events(self) -> None:
        """Where nothing is pushed the log is all that keeps events."""
        for event in self._events:
            told = _log.info if event.severity is Severity.INFO else _log.warning
            told(event.text, **_log_fields(event))
        self._events.clear()
        self.source.events_kept()

    async def _collect(self) -> Collection:
        timestamp = self._stamp()
        start = self._collected_at = self._clock.monotonic()
        cpu = self.source.cpu_seconds()
        families: Sequence[MetricFamily] = ()
        error = f"not done after {self.source.timeout:g} s"
        with trio.move_on_after(self.source.timeout):
            try:
                families = await self.source.collect()
                error = ""
            except CollectorError as failure:
                error = str(failure)
        end = self._clock.monotonic()
        count = count_samples(families)
        if count > self._limits.series:
            families, error = (), f"{count} series; a source may have {self._limits.series}"
            self.counters.limited["series"] += 1
        self._note(error, end)
        self._rest_for_cpu(self.source.cpu_seconds() - cpu, start)
        self._events += self.source.take_events()
        return Collection(timestamp, end - start, families, error)

    def _stamp(self) -> int:
        """Wall time; two collections never share one, though the clock may have stepped back a little."""
        now = self._clock.now_ms()
        self._last_timestamp = now + (now == self._last_timestamp)
        return self._last_timestamp

    def _note(self, error: str, now: float) -> None:
        self.counters.collections += 1
        if not error:
            if self._failures:
                _log.info("source works again", source=self.source.name)
            self._failures = 0
            return
        self.counters.failures += 1
        if not self._failures:
            _log.warning("source failed", source=self.source.name, error=error)
        self._failures += 1
        beyond = self._failures - FAILURES_BEFORE_BACKOFF
        if beyond >= 0:
            # A little less than whole intervals, so that the tick at their end is not missed by a hair.
            wait = self.source.interval_ms / 1000 * (2 ** min(beyond + 1, 16) - 0.5)
            self._rest_until = now + min(wait, MOST_BACKOFF_S)

    def _rest_for_cpu(self, used: float, start: float) -> None:
        if used > self._limits.cpu * max(self.source.interval_ms / 1000, CPU_SPAN_S):
            self.counters.limited["cpu"] += 1
            _log.warning("source uses too much CPU; collected less often", source=self.source.name, seconds=used)
            self._rest_until = max(self._rest_until, start + used / self._limits.cpu)


def _log_fields(event: Event) -> dict[str, object]:
    fields: dict[str, object] = {
        "event_time": event.time,
        "source": event.source,
        "severity": event.severity.value,
        **({"host": event.host} if event.host else {}),
    }
    return fields | {f"label_{k}" if k in _LOG_FIELDS else k: value for k, value in event.labels.items()}
