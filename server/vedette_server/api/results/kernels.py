"""Compiled writing of series as JSON; ``plain`` holds the twins in Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.api.results.decimals.kernels import TIME_BYTES, VALUE_BYTES, copy, write_time, write_value
from vedette_server.compiled import compiled

POINT_BYTES = TIME_BYTES + VALUE_BYTES + 8
"""No point takes more."""

SERIES_BYTES = 64
"""No series takes more beside its labels and points."""

_METRIC = np.frombuffer(b'{"metric":{', np.uint8)
_VALUE = np.frombuffer(b'},"value":', np.uint8)
_VALUES = np.frombuffer(b'},"values":[', np.uint8)
_QUOTE, _COMMA = 34, 44
_OPEN_LIST, _CLOSE_LIST, _OPEN_OBJECT, _CLOSE_OBJECT = 91, 93, 123, 125


@compiled
def write_times(times: NDArray[np.int64], out: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Write times one after the other; return the bounds of each, of shape (times + 1,)."""
    bounds = np.zeros(len(times) + 1, np.int64)
    at = 0
    for i in range(len(times)):
        at = write_time(times[i], out, at)
        bounds[i + 1] = at
    return bounds


@compiled
def write_labels(
    codes: NDArray[np.int32],
    pairs: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    row: int,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the labels of a series with commas between them; return where they end."""
    first = True
    for name in range(len(codes)):
        code = codes[name, row]
        if bounds[code] == bounds[code + 1]:
            continue
        if not first:
            out[at] = _COMMA
            at += 1
        at = copy(pairs, bounds[code], bounds[code + 1], out, at)
        first = False
    return at


@compiled
def write_series(
    codes: NDArray[np.int32],
    pairs: NDArray[np.uint8],
    pair_bounds: NDArray[np.int64],
    times: NDArray[np.uint8],
    time_bounds: NDArray[np.int64],
    clocks: NDArray[np.int64],
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    present: NDArray[np.bool_],
    single: bool,
    first: int,
    last: int,
    out: NDArray[np.uint8],
) -> int:
    """Write the series ``first`` to ``last`` with commas between them; return the length.

    Args:
        codes: int32 of shape (names, n), which label each series has under each name; see ``labels.LabelPairs``.
        pairs: The labels as JSON, one after the other.
        pair_bounds: Where each begins; an empty one is none.
        times: The times as JSON, one after the other.
        time_bounds: Where each begins.
        clocks: int64 of shape (n,), the time of each series' first value.
        values: The doubles' bits.
        offsets: int64 of shape (n + 1,), the bounds of each series' values.
        present: Which values exist, empty where all do.
        single: Each series has one value, under ``value``; else a list under ``values``.
        first: The first series.
        last: The one after the last series.
        out: Room for all of it.
    """
    at = 0
    for row in range(first, last):
        if row > first:
            out[at] = _COMMA
            at += 1
        at = copy(_METRIC, 0, len(_METRIC), out, at)
        at = write_labels(codes, pairs, pair_bounds, row, out, at)
        at = copy(_VALUE, 0, len(_VALUE), out, at) if single else copy(_VALUES, 0, len(_VALUES), out, at)
        begin = at
        for i in range(offsets[row], offsets[row + 1]):
            if len(present) and not present[i]:
                continue
            if at > begin:
                out[at] = _COMMA
                at += 1
            time = clocks[row] + i - offsets[row]
            out[at] = _OPEN_LIST
            at += 1
            for place in range(time_bounds[time], time_bounds[time + 1]):
                out[at] = times[place]
                at += 1
            out[at] = _COMMA
            out[at + 1] = _QUOTE
            at = write_value(values[i], out, at + 2)
            out[at] = _QUOTE
            out[at + 1] = _CLOSE_LIST
            at += 2
        if not single:
            out[at] = _CLOSE_LIST
            at += 1
        out[at] = _CLOSE_OBJECT
        at += 1
    return at


@compiled
def write_label_sets(
    codes: NDArray[np.int32],
    pairs: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    first: int,
    last: int,
    out: NDArray[np.uint8],
) -> int:
    """Write the label sets ``first`` to ``last`` as objects with commas between them; return the length."""
    at = 0
    for row in range(first, last):
        if row > first:
            out[at] = _COMMA
            at += 1
        out[at] = _OPEN_OBJECT
        at = write_labels(codes, pairs, bounds, row, out, at + 1)
        out[at] = _CLOSE_OBJECT
        at += 1
    return at
