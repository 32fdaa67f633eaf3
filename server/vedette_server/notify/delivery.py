"""Delivers what is queued, until it is accepted."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import trio

from vedette_server.notify.alert import decode_alert
from vedette_server.notify.config import DeliveryConfig, NotifyConfig
from vedette_server.notify.errors import DeliveryError, RefusedError, SinkDownError
from vedette_server.notify.methods.interface import Method
from vedette_server.notify.methods.registry import build_method
from vedette_server.notify.queue import DeliveryQueue
from vedette_server.state.errors import StateError
from vedette_server.state.rows import Outcome, QueuedRow
from vedette_server.state.store import StateStore
from vedette_shared.clock import Clock
from vedette_shared.durations import format_duration
from vedette_shared.logs import get_logger

_log = get_logger(__name__)


class DeliveryTotals(msgspec.Struct, frozen=True):
    """Counts since the start.

    Attributes:
        delivered: Notifications that were accepted.
        failed: Attempts in vain.
        dropped: Notifications that were given up.
        pending: Notifications that are still to be accepted.
    """

    delivered: int
    failed: int
    dropped: int
    pending: int


@dataclass(slots=True)
class _Lane:
    """One method with its queue."""

    config: NotifyConfig
    method: Method
    queue: DeliveryQueue
    news: trio.Event = field(default_factory=trio.Event)

    def wake(self) -> None:
        self.news.set()
        self.news = trio.Event()


class Notifier:
    """Sends notifications by the configured methods, each method on its own."""

    def __init__(
        self,
        config: Sequence[NotifyConfig],
        delivery: DeliveryConfig,
        store: StateStore,
        clock: Clock,
        *,
        source: random.Random | None = None,
        methods: Sequence[Method] | None = None,
    ) -> None:
        """Set up what ``run`` needs.

        Args:
            config: The entries of ``[[notify]]``, with distinct names.
            delivery: How they are delivered.
            store: Where the queue is kept.
            clock: Tells the time.
            source: Randomness for the waits, for tests.
            methods: Stand in for the configured methods, one for each, for tests.
        """
        self._give_up_after = delivery.give_up_after
        self._store = store
        self._clock = clock
        built = methods or [build_method(entry, delivery.link) for entry in config]
        self._lanes = {
            entry.name: _Lane(entry, method, DeliveryQueue(source or random.Random()))
            for entry, method in zip(config, built, strict=True)
        }
        self._delivered = self._failed = self._dropped = 0

    def totals(self) -> DeliveryTotals:
        """What has been delivered so far."""
        pending = sum(len(lane.queue) for lane in self._lanes.values())
        return DeliveryTotals(self._delivered, self._failed, self._dropped, pending)

    def enqueue(self, rows: Iterable[QueuedRow]) -> None:
        """Send notifications that the store holds already; those of unknown methods are left to it."""
        now = self._clock.monotonic()
        for row in rows:
            lane = self._lanes.get(row.method)
            if lane is not None:
                lane.queue.add(row, now)
                lane.wake()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Take up what the store still holds, then deliver until cancelled.

        Raises:
            StateError: the store cannot be read.
        """
        rows = await self._store.queue()
        for row in rows:
            if row.method not in self._lanes:
                await self._drop(row, "no method of this name is configured any more")
        self.enqueue(rows)
        async with trio.open_nursery() as nursery:
            for lane in self._lanes.values():
                nursery.start_soon(self._work, lane)
            task_status.started()

    async def _work(self, lane: _Lane) -> None:
        async with trio.open_nursery() as nursery:
            while True:
                news = lane.news
                row = lane.queue.take(self._clock.monotonic())
                if row is not None:
                    nursery.start_soon(self._send, lane, row)
                    continue
                time = lane.queue.next_time()
                wait = float("inf") if time is None else max(0.0, time - self._clock.monotonic())
                with trio.move_on_after(wait):
                    await news.wait()

    async def _send(self, lane: _Lane, row: QueuedRow) -> None:
        try:
            await self._attempt(lane, row)
        except DeliveryError as error:
            await self._fail(lane, row, error)
        else:
            self._delivered += 1
            lane.queue.delivered(row, self._clock.monotonic())
            await self._finish(row, Outcome.DELIVERED, "")
            _log.info("notified", method=row.method, notification=row.id)
        lane.wake()

    async def _attempt(self, lane: _Lane, row: QueuedRow) -> None:
        try:
            alert = decode_alert(row.payload)
        except msgspec.DecodeError as error:
            raise RefusedError(f"the queued alert cannot be read: {error}") from error
        try:
            with trio.fail_after(lane.config.timeout.seconds):
                await lane.method.send(row.id, alert)
        except trio.TooSlowError as error:
            raise SinkDownError(f"no answer within {format_duration(lane.config.timeout)}") from error
        except (DeliveryError, trio.Cancelled):
            raise
        except Exception as error:  # a fault in one method must not stop the server, which would meet it again
            _log.error("a method of notification is at fault", method=row.method, error=repr(error))
            raise RefusedError(f"the method is at fault: {error!r}") from error

    async def _fail(self, lane: _Lane, row: QueuedRow, error: DeliveryError) -> None:
        self._failed += 1
        now = self._clock.monotonic()
        refused = isinstance(error, RefusedError)
        before = self._clock.now_ms() - self._give_up_after
        expired = [] if refused else lane.queue.expire(before)
        if row.created < before:
            lane.queue.dropped(row, now)
            expired.append(row)
        for old in expired:
            await self._drop(old, f"given up after {format_duration(self._give_up_after)}: {error}")
        if row in expired:
            return
        tried = lane.queue.failed(row, now, refused=refused)
        fields = {"method": row.method, "notification": row.id, "attempts": tried.attempts, "error": error}
        if refused:
            _log.error("a notification was refused; mend the method or the receiver, it is tried again", **fields)
        else:
            _log.warning("a notification could not be delivered; it is tried again", **fields)
        try:
            await self._store.failed(row.id, tried.attempts, str(error))
        except StateError as failure:
            _log.error("an attempt could not be recorded", error=failure)

    async def _drop(self, row: QueuedRow, error: str) -> None:
        self._dropped += 1
        _log.error("a notification was dropped", method=row.method, notification=row.id, error=error)
        await self._finish(row, Outcome.DROPPED, error)

    async def _finish(self, row: QueuedRow, outcome: Outcome, error: str) -> None:
        try:
            # Cancelled or not, what was accepted is recorded, lest it be sent again.
            with trio.CancelScope(shield=True):
                await self._store.finished(row.id, outcome, self._clock.now_ms(), error)
        except StateError as failure:
            _log.error("the end of a notification could not be recorded; it may be sent again", error=failure)
