"""Compiled loops over flat samples: the last one before a step, and where each window begins and ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled
from vedette_server.promql.values import Floats, Mask, Times

STALE_BITS = np.int64(0x7FF0_0000_0000_0002)


@compiled
def count_stale(values: Floats) -> int:
    """How many of the values are stale markers."""
    bits = values.view(np.int64)
    count = 0
    for i in range(len(bits)):
        count += bits[i] == STALE_BITS
    return count


@compiled
def drop_stale(timestamps: Times, clocks: Times, values: Floats, offsets: Times) -> tuple[Times, Times, Floats, Times]:
    """Leave the stale markers out: the four arrays of ``SeriesSet`` again, each series with a clock of its own."""
    n = len(clocks)
    bits = values.view(np.int64)
    total = 0
    for i in range(len(bits)):
        total += bits[i] != STALE_BITS
    new_times = np.empty(total, np.int64)
    new_clocks = np.empty(n, np.int64)
    new_values = np.empty(total, np.float64)
    new_offsets = np.zeros(n + 1, np.int64)
    k = 0
    for i in range(n):
        new_clocks[i] = k
        shift = clocks[i] - offsets[i]
        for j in range(offsets[i], offsets[i + 1]):
            if bits[j] != STALE_BITS:
                new_times[k] = timestamps[j + shift]
                new_values[k] = values[j]
                k += 1
        new_offsets[i + 1] = k
    return new_times, new_clocks, new_values, new_offsets


@compiled
def clock_pairs(clocks: Times, offsets: Times) -> tuple[NDArray[np.int32], Times]:
    """Find the series that read the same stretch of timestamps as the one before them.

    Returns:
        (pair, first): the number of each series' stretch, and for each stretch the first series that has it.
    """
    n = len(clocks)
    pair = np.empty(n, np.int32)
    first = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        length = offsets[i + 1] - offsets[i]
        if i == 0 or clocks[i] != clocks[i - 1] or length != offsets[i] - offsets[i - 1]:
            first[count] = i
            count += 1
        pair[i] = count - 1
    return pair, first[:count].copy()


@compiled
def window_bounds(
    timestamps: Times, clocks: Times, offsets: Times, first: Times, ends: Times, width: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find each window's samples: those with ``ends[t] - width < time <= ends[t]``.

    Returns:
        (low, high): int32 of shape (stretches, steps); the samples ``low .. high - 1``, counted from the series' first.
    """
    steps = len(ends)
    low = np.empty((len(first), steps), np.int32)
    high = np.empty((len(first), steps), np.int32)
    for p in range(len(first)):
        base = clocks[first[p]]
        length = offsets[first[p] + 1] - offsets[first[p]]
        times = timestamps[base : base + length]
        a = 0
        b = 0
        if steps:
            a = np.searchsorted(times, ends[0] - width, side="right")
            b = np.searchsorted(times, ends[0], side="right")
        for t in range(steps):
            while a < length and times[a] <= ends[t] - width:
                a += 1
            while b < length and times[b] <= ends[t]:
                b += 1
            low[p, t] = a
            high[p, t] = b
    return low, high


@compiled
def last_samples(
    values: Floats, offsets: Times, pair: NDArray[np.int32], low: NDArray[np.int32], high: NDArray[np.int32]
) -> tuple[Floats, Mask]:
    """The last value of each window; absent where the window is empty or ends in a stale marker."""
    n = len(pair)
    steps = low.shape[1]
    out = np.empty((n, steps), np.float64)
    present = np.empty((n, steps), np.bool_)
    bits = values.view(np.int64)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        for t in range(steps):
            k = base + high[p, t] - 1
            if high[p, t] > low[p, t] and bits[k] != STALE_BITS:
                out[i, t] = values[k]
                present[i, t] = True
            else:
                out[i, t] = 0.0
                present[i, t] = False
    return out, present


@compiled
def compress(values: Floats, present: Mask, times: Times) -> tuple[Times, Times, Floats, Times]:
    """Turn a vector over steps into flat samples: the four arrays of ``SeriesSet``."""
    n, steps = values.shape
    total = 0
    for i in range(n):
        for t in range(steps):
            total += present[i, t]
    clocks = np.empty(n, np.int64)
    offsets = np.zeros(n + 1, np.int64)
    flat = np.empty(total, np.float64)
    stamps = np.empty(total, np.int64)
    k = 0
    for i in range(n):
        clocks[i] = k
        for t in range(steps):
            if present[i, t]:
                flat[k] = values[i, t]
                stamps[k] = times[t]
                k += 1
        offsets[i + 1] = k
    return stamps, clocks, flat, offsets


@compiled
def interpolated(
    values: Floats,
    offsets: Times,
    stamps: Times,
    clocks: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    ends: Times,
) -> tuple[Floats, Mask]:
    """``smoothed`` instant vectors: between the samples around ``ends[t]``, else the last one before it."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        shift = clocks[i] - base
        p = pair[i]
        for t in range(steps):
            k = base + low[p, t]
            stop = base + high[p, t]
            while k < stop and stamps[k + shift] < ends[t]:
                k += 1
            if k < stop and stamps[k + shift] == ends[t]:
                out[i, t] = values[k]
            elif k == base + low[p, t]:
                continue
            elif k == stop:
                out[i, t] = values[k - 1]
            else:
                span = stamps[k + shift] - stamps[k - 1 + shift]
                share = (ends[t] - stamps[k - 1 + shift]) / span
                out[i, t] = values[k - 1] + (values[k] - values[k - 1]) * share
            present[i, t] = True
    return out, present
