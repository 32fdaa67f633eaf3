"""The trio thread's side of writing: checks, the commit loop, and when a new head begins."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from vedette_server.storage.appends import EndsAppend, FramesAppend, SamplesAppend, Taker
from vedette_server.storage.checkpoint import Checkpoint
from vedette_server.storage.commit import Append, CommitQueue, Group
from vedette_server.storage.contents import NOTHING_YET, Contents
from vedette_server.storage.cutting import Sealed
from vedette_server.storage.errors import StorageError, StorageFullError
from vedette_server.storage.head.head import Head
from vedette_server.storage.intake import Intake
from vedette_server.storage.interface import Delivery, LooseSamples, Receipt, SourceEnd
from vedette_server.storage.log.segments import LogWriter
from vedette_server.storage.options import BATCH_VALUES, StorageOptions
from vedette_server.storage.pruning import Pruner
from vedette_server.storage.rows import RowsAppend, row_of
from vedette_server.storage.state import State
from vedette_shared.clock import Clock
from vedette_shared.errors import FrameError, VedetteError
from vedette_shared.frames import VALUE_BYTES, Frame, Layout, Sender
from vedette_shared.labels import Labels

_APPLY_AT_ONCE = 64


class StoreAppender:
    """The ``Appender`` of a store."""

    def __init__(self, state: State, intake: Intake, log: LogWriter, options: StorageOptions, clock: Clock) -> None:
        self._state = state
        self._intake = intake
        self._log = log
        self._options = options
        self._clock = clock
        self._taker = Taker(intake, state)
        for block in state.contents.blocks:
            self._taker.floors.cover(block.directory)
        for sealed in state.sealed:
            self._taker.floors.cover_head(sealed.head)
        self._queue = CommitQueue(BATCH_VALUES)
        self._limiter = trio.CapacityLimiter(1)
        self._head_since = clock.monotonic()
        self._budget = options.head_bytes
        self._turn = trio.Lock()

    def unknown_layouts(self, hashes: Sequence[bytes]) -> list[bytes]:
        known = self._intake.index.layouts
        return [one for one in hashes if one not in known]

    async def append_frames(self, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> Receipt:
        row = row_of(self._taker, sender, layouts, frames)
        append = RowsAppend.of(self._taker, row) if row is not None else self._prepare(sender, layouts, frames)
        if append.is_new:
            await self._queue.put(append)
        else:
            append.outcome = append.apply()
        return append.result()

    async def append_deliveries(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | VedetteError]:
        parts: list[Append | FrameError] = []
        rows: RowsAppend | None = None
        for delivery in deliveries:
            row = row_of(self._taker, delivery.sender, delivery.layouts, delivery.frames)
            if row is None:
                rows = None
                parts.append(self._try_prepare(delivery))
            elif rows is None or not rows.add(row):
                rows = RowsAppend.of(self._taker, row)
                parts.append(rows)
        appends = [part for part in parts if isinstance(part, Append)]
        if any(append.is_new for append in appends):
            await self._queue.put(*appends, at_once=True)
        else:
            for append in appends:
                append.outcome = append.apply()
        return [one for part in parts for one in (part.outcomes() if isinstance(part, Append) else (part,))]

    def _try_prepare(self, delivery: Delivery) -> FramesAppend | FrameError:
        try:
            return self._prepare(delivery.sender, delivery.layouts, delivery.frames)
        except FrameError as error:
            return error

    def _prepare(self, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> FramesAppend:
        known = self._intake.index.layouts
        fresh = {layout.hash: layout for layout in layouts if layout.hash not in known}
        for frame in frames:
            self._check(frame, fresh)
        return FramesAppend(self._taker, sender, list(fresh.values()), frames)

    async def append_samples(self, labels: Sequence[Labels], samples: LooseSamples) -> Receipt:
        if len(samples.series) and not 0 <= int(samples.series.min()) <= int(samples.series.max()) < len(labels):
            raise StorageError("loose samples refer to label sets that are not given")
        append = SamplesAppend(self._taker, labels, samples)
        await self._queue.put(append)
        return append.result()

    async def append_ends(self, ends: Sequence[SourceEnd]) -> Receipt:
        append = EndsAppend(self._taker, ends)
        await self._queue.put(append)
        return append.result()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Commit what is appended, until cancelled."""
        self._queue.open()
        task_status.started()
        try:
            while True:
                batch = await self._queue.take(self._options.commit_delay_ms / 1000)
                await self._commit(batch)
        finally:
            self._queue.close(StorageError("the store is closing"))

    async def roll_if_due(self) -> None:
        """Seal the head if it is old enough; for quiet times, when no append does it."""
        async with self._turn:
            if self._due() and len(self._state.sealed) < self._options.waiting_heads:
                await self._roll(0)

    async def seal(self) -> int:
        """Seal the head, if anything is in it; returns the last segment that holds what was appended before.

        Raises:
            StorageError: the log cannot be written, or too much waits to be cut already.
        """
        async with self._turn:
            if self._intake.head.rows:
                if len(self._state.sealed) >= self._options.waiting_heads and self._state.cut_error is not None:
                    raise StorageFullError(f"blocks cannot be written: {self._state.cut_error}")
                await self._roll(0)
            return self._log.number - 1

    async def prune(self, pruner: Pruner) -> None:
        """Let names be forgotten while nothing is taken in; see ``Pruner.prune``."""
        async with self._turn:
            generation = self._intake.index.generation
            pruner.prune(self._oldest(), self._queue.layouts())
            if self._intake.index.generation != generation:
                self._taker.forget_loose()

    async def _commit(self, groups: Sequence[Group]) -> None:
        batch = [append for group in groups for append in group.appends]
        try:
            async with self._turn:
                await self._make_room(2 * sum(append.values for append in batch))
                self._taker.oldest = self._oldest()
                await self._examine([append for append in batch if append.late()])
                await self._write(batch)
                self._state.fsyncs += 1
                await self._apply(groups)
        except StorageError as error:
            self._state.failed_commits += 1
            for group in groups:
                group.fail(error)
        except trio.Cancelled:
            for group in groups:
                group.fail(StorageError("the store is closing"))
            raise

    async def _apply(self, groups: Sequence[Group]) -> None:
        """Take what is durable into the head; other tasks may run in between."""
        applied = 0
        for group in groups:
            for append in group.appends:
                append.outcome = append.apply()
                applied += append.count
                if applied >= _APPLY_AT_ONCE:
                    applied = 0
                    await trio.lowlevel.cancel_shielded_checkpoint()
            group.finish()

    async def _examine(self, late: Sequence[Append]) -> None:
        """Look for late samples in what is older than the head."""
        if late:
            contents = self._state.contents
            older = Contents(contents.blocks, contents.heads[:-1], contents.deletions)

            def examine() -> None:
                sources = older.sources(self._intake.index)
                for append in late:
                    append.examine(sources)

            await trio.to_thread.run_sync(examine, limiter=self._limiter)

    async def _write(self, batch: Sequence[Append]) -> None:
        before = self._taker.defined_now()
        try:
            framed = [record for append in batch for record in append.encode()]
            await trio.to_thread.run_sync(self._log.append, framed, limiter=self._limiter)
        except StorageError:
            self._taker.revert(before)
            raise

    async def _make_room(self, values: int) -> None:
        """See that the head takes so many values, with a new one if need be."""
        head = self._intake.head
        if not self._due() and head.size < self._budget and head.has_room(values):
            return
        while len(self._state.sealed) >= self._options.waiting_heads:
            if self._state.cut_error is not None:
                reason = self._state.cut_error
                raise StorageFullError(f"memory is full of samples, as blocks cannot be written: {reason}")
            await self._state.cut_done.wait()
        await self._roll(values)

    def _due(self) -> bool:
        age = self._clock.monotonic() - self._head_since
        return self._intake.head.rows > 0 and age >= self._options.cut_after_ms / 1000

    async def _roll(self, values: int) -> None:
        """Begin a new segment and a new head with it."""
        await trio.to_thread.run_sync(self._log.rotate, limiter=self._limiter)
        state, intake = self._state, self._intake
        head = intake.head
        head.last_segment = self._log.number - 1
        checkpoint = Checkpoint(head.last_segment, intake.sequences.dump(), intake.sources.dump())
        state.sealed.append(Sealed(head, tuple(intake.fresh_layouts), checkpoint, self._clock.now_ms()))
        self._budget = self._options.head_budget(head.series)
        fresh = Head(self._options.head_capacity(values, self._budget), self._log.number)
        state.contents = state.contents.with_head(fresh)
        intake.begin(fresh)
        self._taker.floors.cover_head(head)
        self._taker.begin_segment()
        self._head_since = self._clock.monotonic()
        state.work.set()

    def _check(self, frame: Frame, fresh: dict[bytes, Layout]) -> None:
        """Refuse a frame that could not be taken in once it is in the log."""
        if frame.base:
            raise FrameError(f"frame {frame.sequence} does not stand for itself")
        layouts = self._intake.index.layouts
        if frame.layout in layouts:
            width = layouts.width(frame.layout)
        elif frame.layout in fresh:
            width = len(fresh[frame.layout])
        else:
            raise FrameError(f"frame {frame.sequence} has the layout {frame.layout.hex()}, which is not known here")
        if len(frame.values) != width * VALUE_BYTES:
            raise FrameError(f"frame {frame.sequence} has not as many values as its layout has series")
        self._intake.index.target(frame.target)

    def _oldest(self) -> int:
        """The oldest timestamp that is taken. A clock that leapt ahead of the samples does not count."""
        if not self._options.retention_ms:
            return NOTHING_YET
        now, newest = self._clock.now_ms(), self._state.newest
        return (now if newest == NOTHING_YET else min(now, newest)) - self._options.retention_ms
