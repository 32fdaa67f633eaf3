"""Building a block out of sources: the head, or other blocks."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig

from vedette_server.storage.block import codec, meta
from vedette_server.storage.block.meta import BlockMeta
from vedette_server.storage.block.reader import sequence
from vedette_server.storage.block.writer import BlockWriter
from vedette_server.storage.compaction import kernels
from vedette_server.storage.compaction.plan import Plan, make_plan
from vedette_server.storage.files import written_aside
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.table import LabelTable
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Source
from vedette_shared.frames import ABSENT, ABSENT_BITS

PIECE_VALUES = 16_384
"""About so many values make a piece."""

SMALL_PIECE = 4_096
"""So many are enough for a piece where a signature ends."""

BATCH_VALUES = 2_000_000
"""So many values are in memory at once."""


def new_name(min_time: int) -> str:
    """A name for a block, never used before, that sorts by time."""
    return f"{max(0, min_time) // 1000:010d}-{uuid.uuid4().hex[:12]}{meta.SUFFIX}"


def build_block(
    path: Path,
    index: Index,
    sources: Sequence[Source],
    start: int,
    end: int,
    about: Callable[[BlockMeta], BlockMeta],
    config: ChunkConfig = codec.QUICK,
) -> bool:
    """Write a block of all samples of ``sources`` with ``start <= t <= end``, durably, under ``path``.

    Args:
        path: The file, which must not be there.
        index: The names.
        sources: Earlier written ones first: for one timestamp the first one's word stands.
        start: Milliseconds.
        end: Milliseconds.
        about: Completes what the block says of itself.
        config: How hard to compress.

    Returns:
        False if there was no sample, and no block was written.
    """
    plan = make_plan(sources, start, end)
    if plan is None:
        return False
    with written_aside(path) as file:
        builder = _Builder(BlockWriter(file), index, sources, plan, config)
        builder.build(about)
    return True


class _Builder:
    """One block in the making."""

    def __init__(
        self, writer: BlockWriter, index: Index, sources: Sequence[Source], plan: Plan, config: ChunkConfig
    ) -> None:
        self._writer = writer
        self._index = index
        self._sources = sources
        self._plan = plan
        self._config = config
        self._orders = [_by_signature(source.directory) for source in sources]
        self._samples = 0

    def build(self, about: Callable[[BlockMeta], BlockMeta]) -> None:
        plan = self._plan
        firsts = plan.timestamps[plan.clock_starts]
        lasts = plan.timestamps[plan.clock_starts + plan.counts - 1]
        sizes = np.array([len(signatures) for signatures in plan.table_signatures], np.int64)
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        signatures = np.concatenate(plan.table_signatures)
        directory = Directory(plan.targets, plan.tables, firsts, lasts, offsets, signatures)
        known, places = _ranked(self._index.signatures, signatures)
        for entries, slots in _batches(directory, places, plan.counts):
            self._write_values(signatures[entries], slots)
        self._write_directory(directory, sizes, known, places)
        self._writer.finish(
            about(
                BlockMeta(
                    min_time=int(firsts.min()),
                    max_time=int(lasts.max()),
                    samples=self._samples,
                    series=directory.series_count(),
                )
            )
        )

    def _write_values(self, signatures: Numbers, slots: Ints) -> None:
        lengths = self._plan.counts[slots]
        values = self._gather(signatures, slots, lengths)
        self._samples += len(values) - int((values.view(np.uint64) == ABSENT_BITS).sum())
        ends = np.concatenate([[0], np.cumsum(lengths)])
        cuts = kernels.cut_pieces(signatures, lengths, PIECE_VALUES, SMALL_PIECE).tolist()
        for low, high in itertools.pairwise(cuts):
            piece = values[ends[low] : ends[high]]
            self._writer.values(codec.encode_doubles(piece, lengths[low:high], self._config), len(piece))

    def _gather(self, signatures: Numbers, slots: Ints, lengths: Ints) -> NDArray[np.float64]:
        """Load the values of some series of the block, end to end."""
        plan = self._plan
        at = np.concatenate([[0], np.cumsum(lengths)])
        total = int(at[-1])
        copies = []
        aside = total
        for number, source in enumerate(self._sources):
            directory = source.directory
            series, parts, entries = kernels.find_copies(
                number, signatures, slots, plan.part_offsets, plan.part_sources, plan.part_slots, directory.slot_tables,
                directory.table_offsets, directory.table_signatures, self._orders[number],
            )  # fmt: skip
            if len(series):
                goals = at[series] + plan.row_at[parts]
                mixed = np.flatnonzero(plan.map_at[parts] >= 0)
                counts = plan.part_counts[parts]
                goals[mixed] = aside + np.cumsum(counts[mixed]) - counts[mixed]
                aside += int(counts[mixed].sum())
                copies.append((source, series, parts, entries, goals, mixed))
        values = np.full(aside, ABSENT)
        for source, series, parts, entries, goals, mixed in copies:
            counts = plan.part_counts[parts]
            source.fill(plan.part_slots[parts], entries.astype(np.int32), plan.part_rows[parts], counts, values, goals)
            if len(mixed):
                kernels.scatter(
                    values.view(np.uint64), goals[mixed], counts[mixed], plan.map_at[parts[mixed]], plan.maps,
                    at[series[mixed]], ABSENT_BITS,
                )  # fmt: skip
        return values[:total]

    def _write_directory(self, directory: Directory, sizes: Ints, signatures: Numbers, places: Ints) -> None:
        writer, plan = self._writer, self._plan
        targets, target_places = _ranked(self._index.targets, directory.slot_targets)
        clocks, representatives = _distinct_clocks(plan)
        self._write_clocks(representatives)
        writer.section("targets", meta.pack_labels([self._index.targets.labels(int(number)) for number in targets]))
        writer.section(
            "signatures", meta.pack_labels([self._index.signatures.labels(int(number)) for number in signatures])
        )
        writer.section("slots", meta.pack_integers(np.concatenate([target_places, directory.slot_tables, clocks])))
        bounds = [plan.counts, directory.slot_first, directory.slot_last]
        writer.section("clock_bounds", meta.pack_integers(np.concatenate([bound[representatives] for bound in bounds])))
        writer.section("table_sizes", meta.pack_integers(sizes))
        writer.section("table_signatures", meta.pack_integers(places))

    def _write_clocks(self, slots: Ints) -> None:
        plan = self._plan
        lengths = plan.counts[slots]
        cuts = kernels.cut_pieces(np.zeros(len(slots), np.int32), lengths, PIECE_VALUES, SMALL_PIECE).tolist()
        for low, high in itertools.pairwise(cuts):
            stretches = [
                plan.timestamps[begin : begin + count]
                for begin, count in zip(
                    plan.clock_starts[slots[low:high]].tolist(), lengths[low:high].tolist(), strict=True
                )
            ]
            timestamps = np.concatenate(stretches)
            self._writer.clocks(codec.encode_clocks(timestamps, lengths[low:high]), len(timestamps))


def _batches(directory: Directory, places: Ints, counts: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Walk the series in the order of the block; yields (entries, slots), one of each for a series."""
    _, _, entries = sequence(directory, places, counts)
    tables = len(directory.table_offsets) - 1
    first_slot = np.searchsorted(directory.slot_tables, np.arange(tables + 1))
    entry_tables = np.repeat(np.arange(tables), np.diff(directory.table_offsets))[entries]
    before = np.concatenate([[0], np.cumsum(counts)])
    sizes = np.cumsum((before[first_slot[1:]] - before[first_slot[:-1]])[entry_tables])
    at, done = 0, 0
    while at < len(entries):
        end = max(at + 1, int(np.searchsorted(sizes, done + BATCH_VALUES, "right")))
        low_slots, high_slots = first_slot[entry_tables[at:end]], first_slot[entry_tables[at:end] + 1]
        widths = high_slots - low_slots
        which = np.repeat(entries[at:end], widths)
        within = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
        slots = np.repeat(low_slots, widths) + within
        done = int(sizes[end - 1])
        at = end
        for part in _bounded(counts[slots]):
            yield which[part], slots[part]


def _bounded(lengths: Ints) -> Iterator[slice]:
    """Cut a batch that is one huge column into parts that fit in memory."""
    ends = np.cumsum(lengths)
    low, done = 0, 0
    while low < len(lengths):
        high = max(low + 1, int(np.searchsorted(ends, done + 2 * BATCH_VALUES, "right")))
        yield slice(low, high)
        done = int(ends[high - 1])
        low = high


def _ranked(table: LabelTable, numbers: Numbers) -> tuple[Numbers, Ints]:
    """Return (known, places): the distinct label sets in their order, and the place of each of ``numbers`` there."""
    distinct, inverse = np.unique(numbers, return_inverse=True)
    sets = [table.labels(int(number)) for number in distinct]
    order = np.array(sorted(range(len(sets)), key=sets.__getitem__), np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[inverse.reshape(-1)]


def _by_signature(directory: Directory) -> Ints:
    """The entries of each table in the order of their signatures' numbers."""
    tables = np.repeat(np.arange(len(directory.table_offsets) - 1), np.diff(directory.table_offsets))
    return np.lexsort((directory.table_signatures, tables))


def _distinct_clocks(plan: Plan) -> tuple[Ints, Ints]:
    """Return (clocks, representatives): the number of each slot's clock, and a slot for each clock."""
    numbers: dict[bytes, int] = {}
    clocks = np.empty(len(plan.counts), np.int64)
    representatives: list[int] = []
    for slot, (begin, count) in enumerate(zip(plan.clock_starts.tolist(), plan.counts.tolist(), strict=True)):
        digest = hashlib.blake2b(plan.timestamps[begin : begin + count].data, digest_size=16).digest()
        number = numbers.get(digest)
        if number is None:
            number = numbers[digest] = len(representatives)
            representatives.append(slot)
        clocks[slot] = number
    return clocks, np.array(representatives, np.int64)
