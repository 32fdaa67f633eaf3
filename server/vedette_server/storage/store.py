"""The store: its parts, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import trio

from vedette_server.storage.appender import StoreAppender
from vedette_server.storage.catalog import Catalog
from vedette_server.storage.checkpoint import Checkpoint
from vedette_server.storage.compaction.merger import Merger
from vedette_server.storage.contents import Contents, in_order
from vedette_server.storage.cutting import Cutter
from vedette_server.storage.deletions import Deletion, read_deletions
from vedette_server.storage.errors import DamagedFileError, StorageError
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import select
from vedette_server.storage.interface import Appender, Matcher, Querier
from vedette_server.storage.log.segments import LogWriter, log_size, segment_numbers, segment_path
from vedette_server.storage.maintenance import Maintenance
from vedette_server.storage.options import BlockStatistics, Statistics, StorageOptions
from vedette_server.storage.pruning import Pruner
from vedette_server.storage.read.cache import PieceCache
from vedette_server.storage.read.querier import StoreQuerier
from vedette_server.storage.recovery import HeadCutter, LogHeads, load_checkpoint, open_blocks
from vedette_server.storage.state import State
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.frames import Metadata, layout_of
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily

_logger = get_logger(__name__)


class Store:
    """An open data folder. Make one with ``Store.open``; appends need ``run`` to be running.

    Attributes:
        querier: Reads, from any thread.
        appender: Writes, from the trio thread.
    """

    querier: Querier
    appender: Appender

    def __init__(self, folder: DataFolder, options: StorageOptions, clock: Clock) -> None:
        """Load what is in the folder; use ``Store.open`` instead."""
        self._folder = folder
        self._options = options
        self._index = Index()
        self._cache = PieceCache(options.cache_bytes)
        self._catalog = Catalog(folder.path)
        self._cutter = Cutter(folder, self._index, self._cache, self._catalog)
        self._state = State(Contents())
        self._load_catalog()
        checkpoint = load_checkpoint(folder, self._count_damage)
        blocks = open_blocks(folder, self._index, self._cache, self._count_damage)
        self._state.contents = Contents(in_order(blocks), (), self._load_deletions())
        self._clock = clock
        heads = self._replay(checkpoint)
        intake = heads.intake
        self._state.newest = self._state.contents.newest()
        self._log = LogWriter(folder.log, heads.next_segment)
        self._intake = intake
        self._appender = StoreAppender(self._state, intake, self._log, options, clock)
        self._known_at_first = len(self._index.targets), len(self._index.signatures)
        self._maintenance = Maintenance(
            folder,
            self._index,
            self._state,
            self._appender,
            self._cutter,
            Merger(folder, self._index, self._cache),
            Pruner(self._index, intake, self._state),
            self._catalog,
            options,
            clock,
        )
        self.appender = self._appender
        self.querier = StoreQuerier(self._index, lambda: self._state.contents)

    @classmethod
    def open(cls, path: Path, options: StorageOptions | None = None, clock: Clock | None = None) -> Store:
        """Open the data folder ``path``, which is made if need be. Blocks while the log is replayed.

        Raises:
            DataFolderError: another process uses it, it cannot be written to, or it is of an unknown version.
            StorageError: a file in it cannot be read or written.
        """
        try:
            folder = DataFolder(path)
            try:
                return cls(folder, options or StorageOptions(), clock or SystemClock())
            except BaseException:
                folder.close()
                raise
        except OSError as error:
            raise StorageError(
                f"{error.filename or path} cannot be read or written: {error.strerror}; mend its disk or its rights"
            ) from error

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Commit appends and keep the blocks in order, until cancelled."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._appender.run)
            nursery.start_soon(self._maintenance.run)
            task_status.started()

    def close(self) -> None:
        """Close the files; ``run`` must have ended. What was appended is on disk already."""
        self._log.close()
        self._folder.close()

    async def delete(self, matchers: Sequence[Matcher], start: int, end: int) -> None:
        """Delete the samples with ``start <= t <= end`` (ms) that are in the store now, of the series that match.

        They are masked when the call returns, durably, and dropped from the disk at the next merging of their blocks.

        Raises:
            StorageError: nothing was deleted.
        """
        if not matchers:
            raise StorageError("a deletion needs a matcher")
        select(self._index, matchers)
        await self._maintenance.delete(matchers, start, end)

    async def describe(self, families: Iterable[Metadata]) -> None:
        """Keep type, help and unit of families, durably, as long as any series of theirs is in the store.

        Of a family of a layout that is appended later, that layout has the word.

        Raises:
            StorageError: nothing was kept.
        """
        known = self._index.layouts.metadata()
        fresh = [family for family in families if known.get(family.name) != family]
        if fresh:
            await self._maintenance.keep_layout(
                layout_of([MetricFamily(one.name, one.type, one.help, one.unit) for one in fresh])
            )

    async def clean(self) -> None:
        """Return when all that was deleted has left the disk, which it does in time without a call, too."""
        await self._maintenance.clean()

    def metadata(self) -> dict[str, Metadata]:
        """Type, help and unit of the metric families, by name."""
        return self._index.layouts.metadata()

    def statistics(self) -> Statistics:
        """The state of the store and its counts since it was opened."""
        state = self._state
        contents, counts = state.contents, state.counts
        targets, signatures = self._index.targets, self._index.signatures
        spans = [(block.min_time, block.max_time) for block in contents.blocks]
        spans += [(head.min_time, head.max_time) for head in contents.heads if head.rows]
        return Statistics(
            head_series=sum(head.view().directory.series_count() for head in contents.heads[-1:]),
            head_samples=sum(head.samples for head in contents.heads),
            head_bytes=sum(head.size for head in contents.heads),
            targets=targets.count,
            signatures=signatures.count,
            layouts=len(self._index.layouts),
            blocks=len(contents.blocks),
            block_samples=sum(block.meta.samples for block in contents.blocks),
            block_bytes=sum(block.size for block in contents.blocks),
            log_bytes=log_size(self._folder.log),
            min_time_ms=min((first for first, _ in spans), default=0),
            max_time_ms=max((last for _, last in spans), default=0),
            appended=counts.stored,
            repeated=counts.repeated,
            refused=counts.refused,
            too_old=counts.too_old,
            stale_markers=counts.stale_markers,
            fsyncs=state.fsyncs,
            failed_commits=state.failed_commits,
            cuts=state.cuts,
            merges=state.merges,
            targets_added=len(targets) - self._known_at_first[0],
            targets_dropped=len(targets) - targets.count,
            signatures_added=len(signatures) - self._known_at_first[1],
            signatures_dropped=len(signatures) - signatures.count,
            layouts_dropped=state.layouts_dropped,
            damaged=state.damaged + sum(len(block.damaged) for block in contents.blocks),
            failures=state.failures,
        )

    def blocks(self) -> list[BlockStatistics]:
        """What is in each block on disk."""
        return [
            BlockStatistics(
                block.name,
                block.min_time,
                block.max_time,
                block.meta.series,
                block.meta.samples,
                block.size,
                block.meta.window,
            )
            for block in self._state.contents.blocks
        ]

    def _count_damage(self) -> None:
        self._state.damaged += 1

    def _load_deletions(self) -> tuple[Deletion, ...]:
        try:
            return read_deletions(self._folder.path)
        except DamagedFileError as error:
            self._folder.set_aside(error.path, error)
            self._count_damage()
            return ()

    def _load_catalog(self) -> None:
        broken = False

        def report(path: Path, offset: int, what: str) -> None:
            nonlocal broken
            broken = True
            self._count_damage()
            _logger.error(
                "the catalog of layouts is damaged; senders are asked for what is lost",
                file=path,
                offset=offset,
                what=what,
            )

        for layout in self._catalog.load(report):
            self._index.layouts.add(layout)
        if broken:
            layouts = self._index.layouts
            self._catalog.rewrite({one: layouts.record(one) for one in layouts.hashes()})

    def _replay(self, checkpoint: Checkpoint) -> LogHeads:
        """Replay the log into heads; those that would not fit in memory become blocks at once."""
        state, folder = self._state, self._folder
        for number in segment_numbers(folder.log):
            if number <= checkpoint.segment:
                segment_path(folder.log, number).unlink()
        heads = LogHeads(folder, self._index, checkpoint, state.contents, self._options, self._count_damage)
        cutter = HeadCutter(self._cutter, self._options)
        cutter.replay(heads, self._clock.now_ms())
        state.sealed = cutter.sealed
        contents = state.contents.with_blocks(cutter.blocks)
        for head in [*(sealed.head for sealed in cutter.sealed), heads.intake.head]:
            contents = contents.with_head(head)
        state.contents = contents
        if state.sealed:
            state.work.set()
        return heads
