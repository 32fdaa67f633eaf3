"""Kernels of writing blocks: joining clocks, finding what to copy, cutting pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled

Array = NDArray[Any]


@compiled
def _by_start(starts: Array, pool: Array, low: int, high: int) -> Array:
    """The parts ``low`` to ``high`` by their first timestamp. They come nearly in order, so it inserts."""
    order = np.arange(low, high)
    for i in range(1, len(order)):
        part = order[i]
        first = pool[starts[part]]
        j = i
        while j > 0 and pool[starts[order[j - 1]]] > first:
            order[j] = order[j - 1]
            j -= 1
        order[j] = part
    return order


@compiled
def _union(starts: Array, counts: Array, pool: Array, order: Array) -> Array:
    """The timestamps of all these parts, each once, sorted; the parts come by their first timestamp."""
    total = np.int64(0)
    for part in order:
        total += counts[part]
    union = np.empty(total, np.int64)
    tail = np.empty(total, np.int64)
    size = 0
    for part in order:
        at, end = starts[part], starts[part] + counts[part]
        left = size
        while left > 0 and union[left - 1] >= pool[at]:
            left -= 1
        rest = size - left
        tail[:rest] = union[left:size]
        size = left
        left = 0
        while left < rest or at < end:
            if at == end or (left < rest and tail[left] <= pool[at]):
                if at < end and tail[left] == pool[at]:
                    at += 1
                union[size] = tail[left]
                left += 1
            else:
                union[size] = pool[at]
                at += 1
            size += 1
    return union[:size]


@compiled
def join_clocks(offsets: Array, starts: Array, counts: Array, pool: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Join the clocks of each slot's parts.

    Args:
        offsets: int64 (slots + 1,), where each slot's parts begin.
        starts: int64 (parts,), where each part's timestamps begin in ``pool``.
        counts: int64 (parts,), all positive.
        pool: int64, increasing within each part.

    Returns:
        (sizes, clocks, row_at, map_at, maps): int64 (slots,), the ticks of each slot; their timestamps, slot after
        slot; int64 (parts,), the row of the slot where the part's rows go in one stretch; and for parts that overlap
        with others, instead, where the part's rows are listed in ``maps`` (int32), -1 for the others.
    """
    slots = len(offsets) - 1
    total = np.int64(0)
    for part in range(len(counts)):
        total += counts[part]
    clocks = np.empty(total, np.int64)
    sizes = np.zeros(slots, np.int64)
    row_at = np.zeros(len(counts), np.int64)
    map_at = np.full(len(counts), -1, np.int64)
    maps = np.empty(total, np.int32)
    filled = 0
    mapped = 0
    for slot in range(slots):
        low, high = offsets[slot], offsets[slot + 1]
        order = _by_start(starts, pool, low, high)
        apart = True
        for k in range(1, len(order)):
            before = order[k - 1]
            if pool[starts[order[k]]] <= pool[starts[before] + counts[before] - 1]:
                apart = False
                break
        begin = filled
        for part in order:
            row_at[part] = filled - begin
            for k in range(counts[part]):
                clocks[filled] = pool[starts[part] + k]
                filled += 1
        if not apart:
            clock = _union(starts, counts, pool, order)
            clocks[begin : begin + len(clock)] = clock
            filled = begin + len(clock)
            for part in order:
                map_at[part] = mapped
                row = 0
                for k in range(counts[part]):
                    while clock[row] < pool[starts[part] + k]:
                        row += 1
                    maps[mapped] = row
                    mapped += 1
        sizes[slot] = filled - begin
    return sizes, clocks[:filled], row_at, map_at, maps[:mapped]


@compiled
def find_copies(
    source: int,
    signatures: Array,
    slots: Array,
    part_offsets: Array,
    part_sources: Array,
    part_slots: Array,
    source_tables: Array,
    table_offsets: Array,
    table_signatures: Array,
    table_order: Array,
) -> tuple[Array, Array, Array]:
    """Find the parts of some series in one source.

    Args:
        source: The number of the source.
        signatures: int32 (n,), the signature of each series.
        slots: int64 (n,), its slot in the block to be.
        part_offsets: int64 (slots + 1,), where each slot's parts begin.
        part_sources: int32 (parts,).
        part_slots: int32 (parts,), the slot in the source.
        source_tables: int32, ``slot_tables`` of the source.
        table_offsets: int64, of the source.
        table_signatures: int32, of the source.
        table_order: int64 (entries,), each table's entries by signature.

    Returns:
        (series, parts, entries): int64; the series, its part and the entry in the source.
    """
    bound = 0
    for i in range(len(slots)):
        for part in range(part_offsets[slots[i]], part_offsets[slots[i] + 1]):
            bound += part_sources[part] == source
    series = np.empty(bound, np.int64)
    parts = np.empty(bound, np.int64)
    entries = np.empty(bound, np.int64)
    count = 0
    for i in range(len(slots)):
        for part in range(part_offsets[slots[i]], part_offsets[slots[i] + 1]):
            if part_sources[part] != source:
                continue
            table = source_tables[part_slots[part]]
            low, high = table_offsets[table], table_offsets[table + 1]
            end = high
            while low < high:
                middle = (low + high) // 2
                if table_signatures[table_order[middle]] < signatures[i]:
                    low = middle + 1
                else:
                    high = middle
            if low < end and table_signatures[table_order[low]] == signatures[i]:
                series[count], parts[count], entries[count] = i, part, table_order[low]
                count += 1
    return series[:count], parts[:count], entries[:count]


@compiled
def touched_spans(starts: Array, counts: Array, timestamps: Array, window: int) -> Array:
    """The distinct ``t // window`` of all ticks of the clocks ``timestamps[starts[i]:][:counts[i]]``, sorted."""
    spans = np.empty(16, np.int64)
    size = 0
    for i in range(len(counts)):
        for j in range(counts[i]):
            span = timestamps[starts[i] + j] // window
            if size and spans[size - 1] == span:
                continue
            if size == len(spans):
                distinct = np.unique(spans)
                bigger = np.empty(2 * size, np.int64)
                bigger[: len(distinct)] = distinct
                spans, size = bigger, len(distinct)
            spans[size] = span
            size += 1
    return np.unique(spans[:size])


@compiled
def scatter(values: Array, begin: Array, counts: Array, map_at: Array, maps: Array, at: Array, absent: int) -> None:
    """Put stretches of ``values`` (uint64) to the rows that their maps say, where nothing stands yet."""
    nothing = np.uint64(absent)
    for i in range(len(counts)):
        for j in range(counts[i]):
            place = at[i] + maps[map_at[i] + j]
            if values[place] == nothing:
                values[place] = values[begin[i] + j]


@compiled
def cut_pieces(signatures: Array, lengths: Array, full: int, enough: int) -> Array:
    """Cut a run of series into pieces of about ``full`` values, sooner where a signature ends and there are ``enough``.

    Returns:
        int64, the series at which each piece begins, and the number of series.
    """
    cuts = np.empty(len(lengths) + 1, np.int64)
    cuts[0] = 0
    count = 1
    size = 0
    for i in range(len(lengths)):
        if size and ((size >= enough and signatures[i] != signatures[i - 1]) or size + lengths[i] // 2 > full):
            cuts[count] = i
            count += 1
            size = 0
        size += lengths[i]
    cuts[count] = len(lengths)
    return cuts[: count + 1]
