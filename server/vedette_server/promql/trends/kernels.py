"""Compiled loops that fit lines and trends to windows; the arguments are those of ``overtime.kernels``."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled
from vedette_server.promql.numeric.kernels import add_compensated
from vedette_server.promql.values import Floats, Mask, Times


@compiled
def smooth(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    factor: Floats,
    trend_factor: Floats,
) -> tuple[Floats, Mask]:
    """``double_exponential_smoothing``, also known as Holt's linear method; the factors have a value for each step."""
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
            if last - first < 2:
                continue
            before = 0.0
            level = values[first]
            trend = values[first + 1] - values[first]
            for k in range(first + 1, last):
                if k > first + 1:
                    trend = trend_factor[t] * (level - before) + (1 - trend_factor[t]) * trend
                before, level = level, factor[t] * values[k] + (1 - factor[t]) * (level + trend)
            out[i, t] = level
            present[i, t] = True
    return out, present


@compiled
def regression(
    values: Floats,
    offsets: Times,
    stamps: Times,
    clocks: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    times: Times,
    ahead: Floats,
    is_slope: bool,
) -> tuple[Floats, Mask]:
    """``deriv`` (``is_slope``) and ``predict_linear``: a least-squares line with compensated sums.

    ``predict_linear`` looks ``ahead[t]`` seconds from ``times[t]``, the step's own time.
    """
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
            if last - first < 2:
                continue
            origin = stamps[first + shift] if is_slope else times[t]
            slope, intercept = fit_line(values[first:last], stamps[first + shift : last + shift], origin)
            out[i, t] = slope if is_slope else slope * ahead[t] + intercept
            present[i, t] = True
    return out, present


@compiled
def fit_line(values: Floats, stamps: Times, origin: int) -> tuple[float, float]:
    """The slope per second and the value at ``origin`` (ms) of the line through some samples."""
    count = len(values)
    constant = True
    sum_x = sum_y = sum_xy = sum_xx = 0.0
    lost_x = lost_y = lost_xy = lost_xx = 0.0
    for k in range(count):
        y = values[k]
        constant = constant and y == values[0]
        x = (stamps[k] - origin) / 1000.0
        sum_x, lost_x = add_compensated(x, sum_x, lost_x)
        sum_y, lost_y = add_compensated(y, sum_y, lost_y)
        sum_xy, lost_xy = add_compensated(x * y, sum_xy, lost_xy)
        sum_xx, lost_xx = add_compensated(x * x, sum_xx, lost_xx)
    if constant:
        return (np.nan, np.nan) if math.isinf(values[0]) else (0.0, values[0])
    sum_x += lost_x
    sum_y += lost_y
    slope = (sum_xy + lost_xy - sum_x * sum_y / count) / (sum_xx + lost_xx - sum_x * sum_x / count)
    return slope, sum_y / count - slope * sum_x / count
