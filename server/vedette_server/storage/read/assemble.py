"""Joining the parts of series that several sources hold into one ``SeriesSet``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.errors import TooManySamplesError
from vedette_server.storage.index.columns import FactoredColumns
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import Selection
from vedette_server.storage.interface import SeriesSet
from vedette_server.storage.read import kernels
from vedette_server.storage.read.directory import Ints, Numbers, Source
from vedette_shared.frames import ABSENT_BITS


@dataclass(frozen=True, slots=True)
class _Parts:
    """The chosen series of one source, one part each.

    ``starts`` are relative to the source's own timestamps until they are joined in one pool.
    """

    source: Source
    targets: Numbers
    signatures: Numbers
    slots: Numbers
    entries: Numbers
    first_rows: Ints
    counts: Ints
    starts: Ints
    timestamps: Ints

    def __len__(self) -> int:
        return len(self.slots)


def assemble(
    index: Index, sources: Sequence[Source], selection: Selection, start: int, end: int, *, limit: int = 0
) -> SeriesSet:
    """Load all samples with ``start <= t <= end`` of the series that ``selection`` takes.

    Args:
        index: The names.
        sources: In the order in which they were written: for one timestamp the first one's word stands.
        selection: Which series.
        start: Milliseconds.
        end: Milliseconds.
        limit: The most samples to load, 0 for no bound.

    Raises:
        TooManySamplesError: there would be more.
    """
    collected = [
        parts
        for source in sources
        if source.min_time <= end and source.max_time >= start
        if (parts := _collect(source, selection, start, end)) is not None
    ]
    if not collected:
        return _empty(index)
    if limit and sum(int(parts.counts.sum()) for parts in collected) > limit:
        raise TooManySamplesError(limit)
    return _join(index, collected)


def _collect(source: Source, selection: Selection, start: int, end: int) -> _Parts | None:
    directory = source.directory
    picked = directory.pick(selection, start, end)
    if not len(picked.slots):
        return None
    window = source.window(picked.slots, start, end)
    rank = np.repeat(np.arange(len(picked.slots)), picked.offsets[1:] - picked.offsets[:-1])
    rank_counts = window.counts[rank]
    entries = picked.entries
    if not window.counts.all():
        some = np.flatnonzero(rank_counts)
        rank, entries, rank_counts = rank[some], entries[some], rank_counts[some]
        if not len(some):
            return None
    slots = picked.slots[rank]
    return _Parts(
        source,
        directory.slot_targets[slots],
        directory.table_signatures[entries],
        slots,
        entries,
        window.first_rows[rank],
        rank_counts,
        window.starts[rank],
        window.timestamps,
    )


def _join(index: Index, collected: Sequence[_Parts]) -> SeriesSet:
    targets = np.concatenate([parts.targets for parts in collected])
    signatures = np.concatenate([parts.signatures for parts in collected])
    counts = np.concatenate([parts.counts for parts in collected])
    pool, starts = _pool(collected)
    series, first_part = kernels.number(index.targets.sums()[targets] + index.signatures.sums()[signatures])
    first, last = pool[starts], pool[starts + counts - 1]
    offsets, parts = kernels.group_parts(series, len(first_part), first)
    series_offsets, at, ragged = kernels.place_parts(offsets, parts, first, last, counts)
    values = np.empty(int(series_offsets[-1]), np.float64)
    _fill(collected, values, at, series_offsets, ragged)

    labels = FactoredColumns(index, targets[first_part], signatures[first_part])
    clocks, owners, size = kernels.share_clocks(offsets, parts, starts, counts, ~ragged)
    shared = int(size[0])
    own = int((series_offsets[1:] - series_offsets[:-1])[ragged].sum()) if ragged.any() else 0
    timestamps = np.empty(shared + own, np.int64)
    kernels.write_clocks(owners, clocks, offsets, parts, starts, counts, pool, timestamps)
    if not own:
        return SeriesSet(labels, timestamps, clocks, values, series_offsets)
    bits = np.empty(len(values), np.uint64)
    merged = kernels.merge_ragged(
        ragged, series_offsets, offsets, parts, starts, counts, pool, values.view(np.uint64), ABSENT_BITS, clocks,
        shared, timestamps, bits,
    )  # fmt: skip
    return _without_empty(SeriesSet(labels, timestamps, clocks, bits.view(np.float64)[: merged[-1]], merged))


def _pool(collected: Sequence[_Parts]) -> tuple[Ints, Ints]:
    if len(collected) == 1:
        return collected[0].timestamps, collected[0].starts
    starts, before = [], 0
    for parts in collected:
        starts.append(parts.starts + before)
        before += len(parts.timestamps)
    return np.concatenate([parts.timestamps for parts in collected]), np.concatenate(starts)


def _fill(
    collected: Sequence[_Parts], values: NDArray[np.float64], at: Ints, series_offsets: Ints, ragged: NDArray[np.bool_]
) -> None:
    """Load the values, and find the series that have absent ones."""
    bits = values.view(np.uint64)
    absent = False
    for parts, goal in zip(collected, np.split(at, np.cumsum([len(parts) for parts in collected[:-1]])), strict=True):
        if parts.source.fill(parts.slots, parts.entries, parts.first_rows, parts.counts, values, goal):
            absent = absent or bool(kernels.any_absent(bits, goal, parts.counts, ABSENT_BITS))
    if absent:
        kernels.find_absent(bits, series_offsets, ABSENT_BITS, ragged)


def _without_empty(found: SeriesSet) -> SeriesSet:
    sizes = found.offsets[1:] - found.offsets[:-1]
    if sizes.all():
        return found
    some = np.flatnonzero(sizes)
    offsets = np.zeros(len(some) + 1, np.int64)
    np.cumsum(sizes[some], out=offsets[1:])
    return SeriesSet(found.labels.take(some), found.timestamps, found.clocks[some], found.values, offsets)


def _empty(index: Index) -> SeriesSet:
    none32, none64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
    return SeriesSet(FactoredColumns(index, none32, none32), none64, none64, np.zeros(0), np.zeros(1, np.int64))
