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
from vedette_server.storage.read.directory import Ints, Source
from vedette_server.storage.read.parts.kernels import COUNT, SIGNATURE, START, TARGET, lay_out, spread, write_times
from vedette_shared.frames import ABSENT_BITS


@dataclass(frozen=True, slots=True)
class _Parts:
    """The chosen series of one source, one part each: ``table`` is that of ``kernels.spread``."""

    source: Source
    table: Ints
    timestamps: Ints

    def __len__(self) -> int:
        return len(self.table[COUNT])

    def fill(self, values: NDArray[np.float64], at: Ints) -> bool:
        """Load the values, see ``Source.fill``."""
        _, _, slots, entries, first_rows, counts, _ = self.table
        return self.source.fill(slots, entries, first_rows, counts, values, at)


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
    if limit and sum(int(parts.table[COUNT].sum()) for parts in collected) > limit:
        raise TooManySamplesError(limit)
    return _join(index, collected)


def _collect(source: Source, selection: Selection, start: int, end: int) -> _Parts | None:
    directory = source.directory
    picked = directory.pick(selection, start, end)
    if not len(picked.slots):
        return None
    window = source.window(picked.slots, start, end)
    table = spread(
        picked.slots, picked.offsets, picked.entries, window.first_rows, window.counts, window.starts,
        directory.slot_targets, directory.table_signatures,
    )  # fmt: skip
    return _Parts(source, table, window.timestamps) if table.size else None


def _join(index: Index, collected: Sequence[_Parts]) -> SeriesSet:
    table, pool = _pool(collected)
    owners, offsets, parts, series_offsets, at, ragged = lay_out(
        table, pool, index.targets.sums(), index.signatures.sums()
    )
    values = np.empty(int(series_offsets[-1]), np.float64)
    _fill(collected, values, at, series_offsets, ragged)

    targets, signatures = table[TARGET : SIGNATURE + 1, owners].astype(np.int32)
    labels = FactoredColumns(index, targets, signatures)
    clocks, timestamps, shared = write_times(table, pool, offsets, parts, series_offsets, ragged)
    if shared == len(timestamps):
        return SeriesSet(labels, timestamps, clocks, values, series_offsets)
    bits = np.empty(len(values), np.uint64)
    merged = kernels.merge_ragged(
        ragged, series_offsets, offsets, parts, table[START], table[COUNT], pool, values.view(np.uint64), ABSENT_BITS,
        clocks, shared, timestamps, bits,
    )  # fmt: skip
    return _without_empty(SeriesSet(labels, timestamps, clocks, bits.view(np.float64)[: merged[-1]], merged))


def _pool(collected: Sequence[_Parts]) -> tuple[Ints, Ints]:
    """The table and the timestamps of all parts."""
    if len(collected) == 1:
        return collected[0].table, collected[0].timestamps
    table = np.concatenate([parts.table for parts in collected], axis=1)
    at = before = 0
    for parts in collected:
        table[START, at : at + len(parts)] += before
        at += len(parts)
        before += len(parts.timestamps)
    return table, np.concatenate([parts.timestamps for parts in collected])


def _fill(
    collected: Sequence[_Parts], values: NDArray[np.float64], at: Ints, series_offsets: Ints, ragged: NDArray[np.bool_]
) -> None:
    """Load the values, and find the series that have absent ones."""
    bits = values.view(np.uint64)
    absent = False
    done = 0
    for parts in collected:
        goal = at[done : done + len(parts)]
        done += len(parts)
        if parts.fill(values, goal) and not absent:
            absent = bool(kernels.any_absent(bits, goal, parts.table[COUNT], ABSENT_BITS))
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
