"""Compiled loops over the values of windows.

Every kernel takes ``values`` and ``offsets`` of flat samples and the windows as ``pair``, ``low`` and ``high`` from
``selection.kernels.window_bounds``; those that look at times take ``stamps`` and ``clocks`` too. It returns
(values, present) of shape (n, steps).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql.compiled import compiled
from vedette_server.promql.numeric.kernels import add_compensated, quantile_of
from vedette_server.promql.values import Floats, Mask, Times

COUNT, PRESENT, FIRST, LAST = 0, 1, 2, 3


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
def total(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    is_mean: bool,
) -> tuple[Floats, Mask]:
    """``sum_over_time`` and ``avg_over_time`` with Neumaier's compensated summation.

    Where the sum overflows, the mean goes on incrementally from there, as in Prometheus.
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
            result = 0.0
            lost = 0.0
            count = 0.0
            incremental = False
            if is_mean:
                result = values[first]
                count = 1.0
                first += 1
            for k in range(first, last):
                term = values[k]
                count += 1.0
                start = result
                start_lost = lost
                if incremental:
                    share = (count - 1.0) / count
                    term = term / count
                    start = share * result
                    start_lost = share * lost
                new = start + term
                if is_mean and not incremental and math.isinf(new):
                    incremental = True
                    share = (count - 1.0) / count
                    start_lost = share * (lost / (count - 1.0))
                    start = share * (result / (count - 1.0))
                    term = term / count
                    new = start + term
                if math.isinf(new):
                    lost = 0.0
                elif abs(start) >= abs(term):
                    lost = start_lost + ((start - new) + term)
                else:
                    lost = start_lost + ((term - new) + start)
                result = new
            if is_mean and not incremental:
                out[i, t] = result / count + lost / count
            else:
                out[i, t] = result + lost
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
    """``max_over_time`` and ``min_over_time``: NaN only where every value is NaN."""
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
            result = values[first]
            for k in range(first + 1, last):
                value = values[k]
                if (value > result if is_max else value < result) or math.isnan(result):
                    result = value
            out[i, t] = result
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
    """``stdvar_over_time`` and ``stddev_over_time``: Welford's method with compensated sums."""
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
            present[i, t] = True
            count = 0.0
            mean = 0.0
            lost = 0.0
            squares = 0.0
            squares_lost = 0.0
            for k in range(base + low[p, t], base + high[p, t]):
                count += 1.0
                delta = values[k] - (mean + lost)
                mean, lost = add_compensated(delta / count, mean, lost)
                squares, squares_lost = add_compensated(delta * (values[k] - (mean + lost)), squares, squares_lost)
            result = (squares + squares_lost) / count
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
