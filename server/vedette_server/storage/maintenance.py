"""The work that goes on behind: cutting blocks, merging them, retention and deletions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import trio

from vedette_server.storage.appender import StoreAppender
from vedette_server.storage.block.reader import Block
from vedette_server.storage.catalog import Catalog
from vedette_server.storage.compaction.merger import Merger
from vedette_server.storage.compaction.policy import BlockInfo, MergeJob, expired, next_merge
from vedette_server.storage.contents import Contents
from vedette_server.storage.cutting import Cutter
from vedette_server.storage.deletions import Deletion, write_deletions
from vedette_server.storage.errors import StorageError
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.index.identity import Index
from vedette_server.storage.interface import Matcher
from vedette_server.storage.log.records import encode_layout
from vedette_server.storage.options import StorageOptions
from vedette_server.storage.pruning import Pruner
from vedette_server.storage.state import State
from vedette_shared.clock import Clock
from vedette_shared.frames import Layout
from vedette_shared.logs import get_logger

_logger = get_logger(__name__)

RETRY_S = 5.0

T = TypeVar("T")


class Maintenance:
    """Does one thing after the other, in a worker thread; what it finds is swapped in on the trio thread."""

    def __init__(
        self,
        folder: DataFolder,
        index: Index,
        state: State,
        appender: StoreAppender,
        cutter: Cutter,
        merger: Merger,
        pruner: Pruner,
        catalog: Catalog,
        options: StorageOptions,
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._index = index
        self._state = state
        self._appender = appender
        self._cutter = cutter
        self._merger = merger
        self._pruner = pruner
        self._catalog = catalog
        self._pruned = clock.monotonic()
        self._options = options
        self._clock = clock
        self._limiter = trio.CapacityLimiter(1)
        self._deleting = trio.Lock()
        self._catalog_turn = trio.Lock()
        self._last_deletion = 0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            with trio.move_on_after(self._options.maintenance_ms / 1000):
                await self._state.work.wait()
            self._state.work = trio.Event()
            try:
                await self._round()
                done, self._state.round_done = self._state.round_done, trio.Event()
                done.set()
            except (OSError, StorageError) as error:
                self._state.failures += 1
                _logger.error("work on the blocks failed; it will be tried again", error=error)
                await trio.sleep(RETRY_S)
                self._state.work.set()

    async def delete(self, matchers: Sequence[Matcher], start: int, end: int) -> None:
        """See ``Store.delete``."""
        async with self._deleting:
            segment = await self._appender.seal()
            state = self._state
            # Not the number of one that is carried out: blocks remember by number what touches them.
            numbers = [self._last_deletion, *(deletion.number for deletion in state.contents.deletions)]
            numbers += [block.meta.deletions for block in state.contents.blocks]
            self._last_deletion = 1 + max(numbers)
            deletion = Deletion(self._last_deletion, tuple(matchers), start, end, segment)
            await self._keep_deletions((*state.contents.deletions, deletion))
            state.work.set()

    async def keep_layout(self, layout: Layout) -> None:
        """Take in a layout without series; see ``Store.describe``."""
        async with self._catalog_turn:
            try:
                await self._in_thread(lambda: self._catalog.add({layout.hash: encode_layout(layout)}))
            except OSError as error:
                raise StorageError(f"the catalog of layouts cannot be written: {error.strerror or error}") from error
            self._index.layouts.add(layout)

    async def clean(self) -> None:
        """See ``Store.clean``."""
        while self._state.contents.deletions:
            done = self._state.round_done
            self._state.work.set()
            await done.wait()

    async def _round(self) -> None:
        """Do all that is due now; blocks from the head come first, as memory waits for them."""
        await self._appender.roll_if_due()
        while True:
            if self._state.sealed:
                await self._cut_next()
                continue
            await self._drop_expired()
            job = next_merge(self._infos(), self._options.windows_ms, self._clock.now_ms())
            if job is None:
                break
            await self._merge(job)
        if done := self._state.contents.carried_out(self._index):
            async with self._deleting:
                await self._keep_deletions([d for d in self._state.contents.deletions if d not in done])
        await self._prune()

    async def _prune(self) -> None:
        """Forget the names that nothing bears, once in a while."""
        now = self._clock.monotonic()
        if now - self._pruned < self._options.pruning_ms / 1000:
            return
        self._pruned = now
        await self._appender.prune(self._pruner)
        layouts = self._index.layouts
        async with self._catalog_turn:
            known = {one: layouts.record(one) for one in layouts.hashes()}
            await self._in_thread(lambda: self._catalog.keep(known))

    async def _cut_next(self) -> None:
        """Turn the oldest sealed head into a block."""
        state = self._state
        sealed = state.sealed[0]
        try:
            block = await self._in_thread(lambda: self._cutter.cut(sealed))
        except OSError as error:
            state.cut_error = error
            raise
        else:
            state.cut_error = None
            state.cuts += 1
            contents = state.contents if block is None else state.contents.with_blocks([block])
            state.contents = contents.without_head(sealed.head)
            state.sealed.popleft()
        finally:
            done, state.cut_done = state.cut_done, trio.Event()
            done.set()

    async def _merge(self, job: MergeJob) -> None:
        contents = self._state.contents
        blocks = [block for block in contents.blocks if block.name in job.names]
        number = max((deletion.number for deletion in contents.deletions), default=0)
        deletions = max([number, *(block.meta.deletions for block in blocks)])

        def merge() -> list[Block]:
            sources = [contents.block_source(block, self._index) for block in blocks]
            return self._merger.merge(blocks, sources, job.window, deletions)

        made = await self._in_thread(merge)
        self._state.contents = self._state.contents.with_blocks(made, blocks)
        self._state.merges += 1
        await self._in_thread(lambda: self._merger.drop(blocks))

    async def _drop_expired(self) -> None:
        state, options = self._state, self._options
        names = set(
            expired(self._infos(), self._clock.now_ms(), state.newest, options.retention_ms, options.retention_bytes)
        )
        if names:
            blocks = [block for block in state.contents.blocks if block.name in names]
            _logger.info("blocks are past the retention and dropped", blocks=len(blocks))
            state.contents = state.contents.with_blocks((), blocks)
            await self._in_thread(lambda: self._merger.drop(blocks))

    async def _keep_deletions(self, deletions: Sequence[Deletion]) -> None:
        try:
            # Not under the limiter: a deletion does not wait for a long merging.
            await trio.to_thread.run_sync(write_deletions, self._folder.path, deletions)
        except OSError as error:
            raise StorageError(f"the deletion cannot be written down: {error.strerror or error}") from error
        contents = self._state.contents
        self._state.contents = Contents(contents.blocks, contents.heads, tuple(deletions))

    def _infos(self) -> list[BlockInfo]:
        contents = self._state.contents
        return [
            BlockInfo(
                block.name,
                block.min_time,
                block.max_time,
                block.meta.window,
                block.meta.written,
                block.size,
                bool(contents.pending(block, self._index)),
            )
            for block in contents.blocks
        ]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(work, limiter=self._limiter)
