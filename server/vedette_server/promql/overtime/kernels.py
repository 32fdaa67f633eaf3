"""Compiled loops over the values of windows.

Every kernel takes ``values`` and ``offsets`` of flat samples and the windows as ``pair``, ``low`` and ``high`` from
``selection.kernels.window_bounds``; those that look at times take ``stamps`` and ``clocks`` too. It returns
(values, present) of shape (n, steps).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled
from vedette_server.promql.numeric.kernels import add_compensated, quantile_of
from vedette_server.promql.values import Floats, Mask, Times

COUNT, PRESENT, FIRST, LAST = 0, 1, 2, 3

BLOCK = 16
"""How many values of a series are summed ahead for windows that are much longer."""


@compiled
def pick(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    what: int,
) -> tuple[Floats, Mask]:
    """``count_over_time``, ``present_over_time``, ``first_over_time``, ``last_over_time``."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        for t in range(steps):
            count = high[p, t] - low[p, t]
            if count <= 0:
                continue
            present[i, t] = True
            if what == COUNT:
                out[i, t] = count
            elif what == PRESENT:
                out[i, t] = 1.0
            elif what == FIRST:
                out[i, t] = values[base + low[p, t]]
            else:
                out[i, t] = values[base + high[p, t] - 1]
    return out, present


@compiled
def sum_stretch(values: Floats, first: int, last: int, start: float, lost: float) -> tuple[float, float]:
    """Add ``values[first:last]`` to ``start`` by Neumaier's summation."""
    for k in range(first, last):
        start, lost = add_compensated(values[k], start, lost)
    return start, lost


@compiled
def incremental_mean(values: Floats, first: int, last: int) -> float:
    """The mean where the sum overflows: summed as far as that goes, then carried on as a running mean."""
    mean = float(values[first])
    lost = 0.0
    running = False
    for k in range(first + 1, last):
        count = k - first + 1.0
        if not running and math.isinf(mean + values[k]):
            running = True
            mean /= count - 1
            lost /= count - 1
        if running:
            share = (count - 1) / count
            mean, lost = add_compensated(values[k] / count, share * mean, share * lost)
        else:
            mean, lost = add_compensated(values[k], mean, lost)
    if running:
        return mean + lost
    return mean / (last - first) + lost / (last - first)


@compiled
def sum_blocks(values: Floats, base: int, length: int, sums: Floats, losses: Floats) -> None:
    """Sum the values of a series in blocks of ``BLOCK``, so that long windows need not add up every value again."""
    for b in range(length // BLOCK):
        begin = base + b * BLOCK
        sums[b], losses[b] = sum_stretch(values, begin + 1, begin + BLOCK, values[begin], 0.0)


@compiled
def sum_window(values: Floats, base: int, low: int, high: int, sums: Floats, losses: Floats) -> tuple[float, float]:
    """The compensated sum of a window; whole blocks of it are taken from ``sums`` and ``losses``."""
    first_block = -(-low // BLOCK)
    last_block = high // BLOCK
    if last_block - first_block < 2:
        return sum_stretch(values, base + low + 1, base + high, values[base + low], 0.0)
    total, lost = sum_stretch(values, base + low, base + first_block * BLOCK, 0.0, 0.0)
    for b in range(first_block, last_block):
        total, lost = add_compensated(sums[b], total, lost)
        lost += losses[b]
    return sum_stretch(values, base + last_block * BLOCK, base + high, total, lost)


@compiled
def total(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    is_mean: bool,
) -> tuple[Floats, Mask]:
    """``sum_over_time`` and ``avg_over_time`` with compensated sums."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    longest = 0
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    sums = np.empty(longest // BLOCK + 1, np.float64)
    losses = np.empty(longest // BLOCK + 1, np.float64)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        blocked = False
        for t in range(steps):
            first = low[p, t]
            last = high[p, t]
            if last <= first:
                continue
            present[i, t] = True
            if not blocked and last - first > 2 * BLOCK:
                sum_blocks(values, base, offsets[i + 1] - base, sums, losses)
                blocked = True
            result, lost = sum_window(values, base, first, last, sums, losses)
            if not is_mean:
                out[i, t] = result + lost
            elif math.isinf(result):
                out[i, t] = incremental_mean(values, base + first, base + last)
            else:
                out[i, t] = result / (last - first) + lost / (last - first)
    return out, present


@compiled
def extreme(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    is_max: bool,
) -> tuple[Floats, Mask]:
    """``max_over_time`` and ``min_over_time``: NaN only where every value is NaN.

    A queue holds the values that may still become the extreme, the best first; each sample enters and leaves it once.
    """
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    longest = 0
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    queue = np.empty(longest + 1, np.int64)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        head = 0
        tail = 0
        seen = 0
        for t in range(steps):
            first = low[p, t]
            last = high[p, t]
            if last <= first:
                continue
            present[i, t] = True
            while head < tail and queue[head] < first:
                head += 1
            for k in range(max(seen, first), last):
                value = values[base + k]
                if math.isnan(value):
                    continue
                if is_max:
                    while tail > head and values[base + queue[tail - 1]] <= value:
                        tail -= 1
                else:
                    while tail > head and values[base + queue[tail - 1]] >= value:
                        tail -= 1
                queue[tail] = k
                tail += 1
            seen = last
            out[i, t] = values[base + queue[head]] if head < tail else np.nan
    return out, present


FIRST_TIME, LAST_TIME, TIME_OF_MAX, TIME_OF_MIN = 0, 1, 2, 3


@compiled
def pick_time(
    values: Floats,
    offsets: Times,
    stamps: Times,
    clocks: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    what: int,
) -> tuple[Floats, Mask]:
    """``ts_of_{first,last,max,min}_over_time``, in seconds; of equal extremes the last counts."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        shift = clocks[i] - base
        p = pair[i]
        for t in range(steps):
            first = base + low[p, t]
            last = base + high[p, t]
            if last <= first:
                continue
            present[i, t] = True
            chosen = first
            if what == LAST_TIME:
                chosen = last - 1
            elif what != FIRST_TIME:
                for k in range(first, last):
                    held = values[chosen]
                    value = values[k]
                    if (value >= held if what == TIME_OF_MAX else value <= held) or math.isnan(held):
                        chosen = k
            out[i, t] = stamps[chosen + shift] / 1000.0
    return out, present


@compiled
def variance(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    is_deviation: bool,
) -> tuple[Floats, Mask]:
    """``stdvar_over_time`` and ``stddev_over_time``: the mean first, then the squared distances to it.

    Everything is relative to the first value, so that a window of equal values has no variance at all.
    """
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        for t in range(steps):
            first = base + low[p, t]
            last = base + high[p, t]
            if last <= first:
                continue
            present[i, t] = True
            origin = values[first]
            mean = 0.0
            lost = 0.0
            for k in range(first, last):
                mean, lost = add_compensated(values[k] - origin, mean, lost)
            mean = (mean + lost) / (last - first)
            squares = 0.0
            lost = 0.0
            for k in range(first, last):
                distance = values[k] - origin - mean
                squares, lost = add_compensated(distance * distance, squares, lost)
            result = (squares + lost) / (last - first)
            out[i, t] = math.sqrt(result) if is_deviation else result
    return out, present


@compiled
def quantile(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    q: Floats,
) -> tuple[Floats, Mask]:
    """``quantile_over_time``; ``q`` has a value for each step."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        for t in range(steps):
            if high[p, t] > low[p, t]:
                out[i, t] = quantile_of(values[base + low[p, t] : base + high[p, t]].copy(), q[t])
                present[i, t] = True
    return out, present


@compiled
def median_deviation(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
) -> tuple[Floats, Mask]:
    """``mad_over_time``: the median of the distances to the median; NaN as soon as one value is."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        for t in range(steps):
            if high[p, t] <= low[p, t]:
                continue
            window = values[base + low[p, t] : base + high[p, t]].copy()
            present[i, t] = True
            if np.isnan(window).any():
                out[i, t] = np.nan
                continue
            median = quantile_of(window, 0.5)
            out[i, t] = quantile_of(np.abs(window - median), 0.5)
    return out, present
