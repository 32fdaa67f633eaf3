"""Kernels of reading: choosing series and joining their parts from several sources.

Each runs without the interpreter's lock. ``tests/server/storage/read/test_kernels.py`` compares them with plain Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled

Array = NDArray[Any]


@compiled
def _candidates(table_offsets: Array, table_signatures: Array, signatures: Array) -> tuple[Array, Array]:
    """Each table's entries whose signature is wanted: (offsets, entries)."""
    offsets = np.zeros(len(table_offsets), np.int64)
    entries = np.empty(len(table_signatures), np.int32)
    count = 0
    for table in range(len(table_offsets) - 1):
        for entry in range(table_offsets[table], table_offsets[table + 1]):
            signature = table_signatures[entry]
            if signature < len(signatures) and signatures[signature]:
                entries[count] = entry
                count += 1
        offsets[table + 1] = count
    return offsets, entries


@compiled
def pick(
    slot_targets: Array,
    slot_tables: Array,
    slot_first: Array,
    slot_last: Array,
    table_offsets: Array,
    table_signatures: Array,
    targets: Array,
    signatures: Array,
    either_targets: Array,
    either_signatures: Array,
    start: int,
    end: int,
) -> tuple[Array, Array, Array]:
    """Choose the series of a directory; see ``Directory.pick``. Numbers beyond the masks are too new and left out."""
    candidate_offsets, candidates = _candidates(table_offsets, table_signatures, signatures)
    wanted = np.empty(len(slot_targets), np.int32)
    count = 0
    bound = 0
    for slot in range(len(slot_targets)):
        target = slot_targets[slot]
        if target < len(targets) and targets[target] and slot_first[slot] <= end and slot_last[slot] >= start:
            table = slot_tables[slot]
            size = candidate_offsets[table + 1] - candidate_offsets[table]
            if size:
                wanted[count] = slot
                count += 1
                bound += size

    slots = np.empty(count, np.int32)
    offsets = np.zeros(count + 1, np.int64)
    entries = np.empty(bound, np.int32)
    chosen = 0
    filled = 0
    for slot in wanted[:count]:
        before = filled
        table = slot_tables[slot]
        for entry in candidates[candidate_offsets[table] : candidate_offsets[table + 1]]:
            good = True
            for k in range(len(either_targets)):
                good &= either_targets[k, slot_targets[slot]] or either_signatures[k, table_signatures[entry]]
            if good:
                entries[filled] = entry
                filled += 1
        if filled > before:
            slots[chosen] = slot
            chosen += 1
            offsets[chosen] = filled
    return slots[:chosen], offsets[: chosen + 1], entries[:filled]


@compiled
def number(keys: Array) -> tuple[Array, Array]:
    """Number equal keys alike, in the order of their coming.

    Returns:
        (numbers, first): int64 of the keys' shape; and for each number the index of its first key.
    """
    size = 16
    while size < 2 * len(keys):
        size *= 2
    mask = np.uint64(size - 1)
    table = np.full(size, -1, np.int64)
    numbers = np.empty(len(keys), np.int64)
    first = np.empty(len(keys), np.int64)
    count = 0
    for i in range(len(keys)):
        key = keys[i]
        at = (key ^ (key >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
        place = np.int64((at >> np.uint64(17)) & mask)
        while True:
            known = table[place]
            if known < 0:
                table[place] = count
                first[count] = i
                numbers[i] = count
                count += 1
                break
            if keys[first[known]] == key:
                numbers[i] = known
                break
            place = (place + 1) & np.int64(mask)
    return numbers, first[:count]


@compiled
def group_parts(series: Array, count: int, first: Array) -> tuple[Array, Array]:
    """Gather the parts of each series, the earliest first; of two that begin together the one that came first.

    Args:
        series: int64 (parts,), the series that each part belongs to.
        count: The number of series.
        first: int64 (parts,), each part's first timestamp.

    Returns:
        (offsets, parts): int64 (count + 1,) and int64 (parts,).
    """
    offsets = np.zeros(count + 1, np.int64)
    for i in range(len(series)):
        offsets[series[i] + 1] += 1
    for i in range(count):
        offsets[i + 1] += offsets[i]
    ends = offsets[:-1].copy()
    parts = np.empty(len(series), np.int64)
    for part in range(len(series)):
        owner = series[part]
        at = ends[owner]
        ends[owner] += 1
        while at > offsets[owner] and first[parts[at - 1]] > first[part]:
            parts[at] = parts[at - 1]
            at -= 1
        parts[at] = part
    return offsets, parts


@compiled
def place_parts(offsets: Array, parts: Array, first: Array, last: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Lay the samples of every series end to end.

    Returns:
        (series_offsets, at, overlapping): int64 (series + 1,); int64 (parts,), where each part's samples go; bool
        (series,), whether parts of the series overlap in time, so that their samples must be merged.
    """
    series = len(offsets) - 1
    series_offsets = np.zeros(series + 1, np.int64)
    at = np.empty(len(parts), np.int64)
    overlapping = np.zeros(series, np.bool_)
    total = 0
    for i in range(series):
        for j in range(offsets[i], offsets[i + 1]):
            part = parts[j]
            at[part] = total
            total += counts[part]
            if j > offsets[i] and first[part] <= last[parts[j - 1]]:
                overlapping[i] = True
        series_offsets[i + 1] = total
    return series_offsets, at, overlapping


@compiled
def share_clocks(
    offsets: Array, parts: Array, starts: Array, counts: Array, wanted: Array
) -> tuple[Array, Array, Array]:
    """Give series with the same parts' clocks one clock.

    Args:
        offsets: int64 (series + 1,), from ``group_parts``.
        parts: int64 (parts,), from ``group_parts``.
        starts: int64 (parts,), where each part's timestamps begin in the pool.
        counts: int64 (parts,).
        wanted: bool (series,), which series get a clock.

    Returns:
        (clocks, owners, size): int64 (series,), where each series' clock begins, -1 without one; int64 (clocks,), the
        series that each clock was made for, in their order; and int64 (1,), the size of all clocks.
    """
    series = len(offsets) - 1
    capacity = 16
    while capacity < 2 * series:
        capacity *= 2
    table = np.full(capacity, -1, np.int64)
    clocks = np.full(series, -1, np.int64)
    owners = np.empty(series, np.int64)
    made = 0
    total = 0
    for i in range(series):
        if not wanted[i]:
            continue
        size = 0
        code = np.uint64(1469598103934665603)
        for j in range(offsets[i], offsets[i + 1]):
            part = parts[j]
            size += counts[part]
            code = (code ^ np.uint64(starts[part])) * np.uint64(1099511628211)
            code = (code ^ np.uint64(counts[part])) * np.uint64(0x9E3779B97F4A7C15)
        place = np.int64((code >> np.uint64(20)) & np.uint64(capacity - 1))
        while True:
            other = table[place]
            if other < 0:
                table[place] = i
                owners[made] = i
                made += 1
                clocks[i] = total
                total += size
                break
            same = offsets[other + 1] - offsets[other] == offsets[i + 1] - offsets[i]
            for j in range(offsets[i + 1] - offsets[i]):
                if not same:
                    break
                mine, theirs = parts[offsets[i] + j], parts[offsets[other] + j]
                same = starts[mine] == starts[theirs] and counts[mine] == counts[theirs]
            if same:
                clocks[i] = clocks[other]
                break
            place = (place + 1) & (capacity - 1)
    return clocks, owners[:made], np.array([total])


@compiled
def write_clocks(
    owners: Array, clocks: Array, offsets: Array, parts: Array, starts: Array, counts: Array, pool: Array, out: Array
) -> None:
    """Write the timestamps of each clock that ``share_clocks`` made into ``out``."""
    for owner in owners:
        at = clocks[owner]
        for j in range(offsets[owner], offsets[owner + 1]):
            part = parts[j]
            for k in range(counts[part]):
                out[at + k] = pool[starts[part] + k]
            at += counts[part]


@compiled
def find_absent(bits: Array, offsets: Array, absent: int, ragged: Array) -> None:
    """Set ``ragged[i]`` for each series with an absent value among its ``bits`` (uint64)."""
    wanted = np.uint64(absent)
    for i in range(len(offsets) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            if bits[j] == wanted:
                ragged[i] = True
                break


@compiled
def any_absent(bits: Array, at: Array, counts: Array, absent: int) -> bool:
    """Whether any of the stretches ``bits[at[i]:][:counts[i]]`` (uint64) holds an absent value."""
    wanted = np.uint64(absent)
    for i in range(len(at)):
        for j in range(at[i], at[i] + counts[i]):
            if bits[j] == wanted:
                return True
    return False


@compiled
def merge_ragged(
    ragged: Array,
    series_offsets: Array,
    offsets: Array,
    parts: Array,
    starts: Array,
    counts: Array,
    pool: Array,
    bits: Array,
    absent: int,
    clocks: Array,
    clocks_end: int,
    timestamps: Array,
    out: Array,
) -> Array:
    """Write the samples of all series to ``out`` (uint64, as large as ``bits``), those of ragged ones merged: by time,
    without absent values, and of several for one timestamp the one whose part has the lowest number.

    Clocks of ragged series are written to ``timestamps`` from ``clocks_end`` on and noted in ``clocks``.

    Returns:
        int64 (series + 1,), the offsets in ``out``.
    """
    nothing = np.uint64(absent)
    series = len(offsets) - 1
    new_offsets = np.zeros(series + 1, np.int64)
    filled = 0
    for i in range(series):
        low, high = series_offsets[i], series_offsets[i + 1]
        if not ragged[i]:
            for j in range(low, high):
                out[filled + j - low] = bits[j]
            filled += high - low
            new_offsets[i + 1] = filled
            continue
        size = high - low
        times = np.empty(size, np.int64)
        owners = np.empty(size, np.int64)
        at = 0
        for j in range(offsets[i], offsets[i + 1]):
            part = parts[j]
            for k in range(counts[part]):
                times[at] = pool[starts[part] + k]
                owners[at] = part
                at += 1
        order = np.argsort(times, kind="mergesort")
        clocks[i] = clocks_end
        best = np.int64(-1)
        last = np.int64(0)
        have = False
        for o in order:
            if bits[low + o] == nothing:
                continue
            if have and times[o] == last:
                if owners[o] < best:
                    out[filled - 1] = bits[low + o]
                    best = owners[o]
                continue
            out[filled] = bits[low + o]
            timestamps[clocks_end] = times[o]
            filled += 1
            clocks_end += 1
            last = times[o]
            best = owners[o]
            have = True
        new_offsets[i + 1] = filled
    return new_offsets
