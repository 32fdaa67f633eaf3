"""Runs a source: at its ticks, and for a page that wants it fresh."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.sources.interface import Collection, Source
from vedette_agent.sources.schedule import delay_to_grid, delay_to_next
from vedette_shared.clock import Clock
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily

_log = get_logger(__name__)


class SourceRunner:
    """Collects one source and keeps what came last.

    Args:
        source: What to collect.
        clock: Wall time for timestamps and ticks, monotonic time for ages.
        phase_ms: Where the ticks lie in the interval.
        publish: Takes each collection that a tick made.
    """

    def __init__(
        self, source: Source, clock: Clock, phase_ms: int, publish: Callable[[Collection], None] | None = None
    ) -> None:
        self.source = source
        self.latest: Collection | None = None
        self._collected_at = float("-inf")
        self._clock = clock
        self._phase_ms = phase_ms % source.interval_ms
        self._publish = publish
        self._lock = trio.Lock()
        self._last_timestamp = -1

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Collect at once, and then at every tick."""
        task_status.started()
        interval = self.source.interval_ms
        while True:
            due = trio.current_time() + delay_to_next(self._clock.now_ms(), interval, self._phase_ms) / 1000
            collection = await self.collect()
            if self._publish is not None:
                self._publish(collection)
            if trio.current_time() > due:
                due = trio.current_time() + delay_to_grid(self._clock.now_ms(), interval, self._phase_ms) / 1000
            await trio.sleep_until(due)

    async def collect(self, max_age: float = 0.0) -> Collection:
        """Return a collection that is at most ``max_age`` seconds old, made now unless there is one.

        A collection that is under way is waited for and shared.
        """
        waited = self._lock.locked()
        async with self._lock:
            if self.latest is not None and (waited or self._age() <= max_age):
                return self.latest
            self.latest = await self._collect()
            return self.latest

    def _age(self) -> float:
        return self._clock.monotonic() - self._collected_at

    async def _collect(self) -> Collection:
        timestamp = self._clock.now_ms()
        # Two collections of one source never share a timestamp, though the clock may have stepped back a little.
        timestamp = self._last_timestamp = timestamp + (timestamp == self._last_timestamp)
        start = self._collected_at = self._clock.monotonic()
        families: Sequence[MetricFamily] = ()
        error = f"not done after {self.source.timeout:g} s"
        with trio.move_on_after(self.source.timeout):
            try:
                families = await self.source.collect()
                error = ""
            except CollectorError as failure:
                error = str(failure)
        self._note(error)
        return Collection(self.source, timestamp, self._clock.monotonic() - start, families, error)

    def _note(self, error: str) -> None:
        before = self.latest.error if self.latest is not None else ""
        if error and not before:
            _log.warning("source failed", source=self.source.name, error=error)
        elif before and not error:
            _log.info("source works again", source=self.source.name)
