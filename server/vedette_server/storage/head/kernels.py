"""Kernels of the head: the rows of a stream in the order of time, and the values of a column out of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled, compiled_by

Array = NDArray[Any]


@compiled_by(streams=100)
def ordered_rows(
    streams: Array, last_row: Array, previous: Array, row_times: Array, rows: int, start: int, end: int
) -> tuple[Array, Array]:
    """For each of ``streams``, its rows below ``rows`` with ``start <= t <= end``, by time.

    Rows that are appended meanwhile stand at the head of their chains and are passed over.

    Returns:
        (offsets, found): int64 (streams + 1,) and int64 rows.
    """
    offsets = np.zeros(len(streams) + 1, np.int64)
    for i in range(len(streams)):
        row = last_row[streams[i]]
        count = 0
        while row >= 0:
            if row < rows and start <= row_times[row] <= end:
                count += 1
            row = previous[row]
        offsets[i + 1] = offsets[i] + count
    found = np.empty(offsets[-1], np.int64)
    for i in range(len(streams)):
        at = offsets[i + 1]
        row = last_row[streams[i]]
        while row >= 0:
            time = row_times[row]
            if row < rows and start <= time <= end:
                at -= 1
                place = at
                # The chain runs backwards, so rows that came in order fall into place at once.
                while place + 1 < offsets[i + 1] and row_times[found[place + 1]] < time:
                    found[place] = found[place + 1]
                    place += 1
                found[place] = row
            row = previous[row]
    return offsets, found


@compiled
def clock_codes(starts: Array, ends: Array, times: Array) -> Array:
    """64 bits for each stretch ``times[starts[i]:ends[i]]``: the same for the same timestamps."""
    codes = np.empty(len(starts), np.uint64)
    for i in range(len(starts)):
        code = np.uint64(0xCBF29CE484222325) ^ np.uint64(ends[i] - starts[i])
        for j in range(starts[i], ends[i]):
            code = (code ^ np.uint64(times[j])) * np.uint64(0x9E3779B97F4A7C15)
            code ^= code >> np.uint64(32)
        codes[i] = code
    return codes


@compiled_by(values=1)
def gather(
    rows: Array, row_at: Array, arena: Array, first: Array, counts: Array, columns: Array, values: Array, at: Array
) -> None:
    """Copy one column of each series out of the rows: ``arena[row_at[rows[first[i] + j]] + 8 * columns[i]]``.

    ``arena`` has a double at each byte, ``row_at`` counts bytes.
    """
    for i in range(len(counts)):
        begin, goal, offset = first[i], at[i], 8 * columns[i]
        for j in range(counts[i]):
            values[goal + j] = arena[row_at[rows[begin + j]] + offset]


@compiled_by(values=1)
def gather_by_rows(
    rows: Array,
    row_at: Array,
    arena: Array,
    first: Array,
    counts: Array,
    columns: Array,
    values: Array,
    at: Array,
    order: Array,
) -> None:
    """As ``gather``, for many columns of the same rows: those are read one after the other, each of them once.

    ``order`` has the series so that those with the same ``first`` are neighbours.
    """
    offsets, goals = np.empty(len(order), np.uint64), np.empty(len(order), np.uint64)
    low = 0
    while low < len(order):
        begin, count = first[order[low]], counts[order[low]]
        width = 0
        while low < len(order) and first[order[low]] == begin and counts[order[low]] == count:
            offsets[width], goals[width] = 8 * columns[order[low]], at[order[low]]
            width += 1
            low += 1
        for j in range(count):
            row = np.uint64(row_at[rows[begin + j]])
            for k in range(width):
                values[goals[k] + np.uint64(j)] = arena[row + offsets[k]]


@compiled_by(streams=1)
def append_single(
    streams: Array,
    times: Array,
    values: Array,
    newest: Array,
    oldest: Array,
    last_row: Array,
    previous: Array,
    row_times: Array,
    row_at: Array,
    arena: Array,
    row: int,
    at: int,
) -> tuple[int, int, int]:
    """Append rows of one value each; ``values`` as uint64 bits, ``arena`` as those at each byte, ``at`` and ``row_at``
    in bytes.

    A value for a timestamp that its stream has already is not taken: the first one stands.

    Returns:
        (stored, repeated, refused).
    """
    stored, repeated, refused = 0, 0, 0
    for i in range(len(streams)):
        stream, time = streams[i], times[i]
        if time <= newest[stream]:
            other = last_row[stream]
            while other >= 0 and row_times[other] != time:
                other = previous[other]
            if other >= 0:
                if arena[row_at[other]] == values[i]:
                    repeated += 1
                else:
                    refused += 1
                continue
        else:
            newest[stream] = time
        oldest[stream] = min(oldest[stream], time)
        arena[at] = values[i]
        row_times[row] = time
        row_at[row] = at
        previous[row] = last_row[stream]
        last_row[stream] = row
        row += 1
        at += 8
        stored += 1
    return stored, repeated, refused
