"""Compiled loops for rates and changes over windows.

Every kernel takes ``values`` and ``offsets`` of flat samples, ``stamps`` and ``clocks`` for their times, and the
windows as ``pair``, ``low`` and ``high`` from ``selection.kernels.window_bounds``. It returns (values, present) of shape
(n, steps).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vedette_server.promql.values import Floats, Mask, Times

_EXTRAPOLATION_THRESHOLD = 1.1


@njit(nogil=True, cache=True)
def extrapolated(  # noqa: C901 - one compiled loop
    values: Floats,
    offsets: Times,
    stamps: Times,
    clocks: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    ends: Times,
    width: int,
    is_counter: bool,
    is_rate: bool,
) -> tuple[Floats, Mask]:
    """``rate``, ``increase`` (``is_counter``) and ``delta``, extrapolated to the window's ends as Prometheus does.

    The sum of a window's counter resets is looked for only where a running count says that there is one.
    """
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    longest = 0
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    resets = np.zeros(longest + 1, np.int32)
    for i in range(n):
        base = offsets[i]
        length = offsets[i + 1] - base
        shift = clocks[i] - base
        p = pair[i]
        if is_counter:
            for k in range(1, length):
                resets[k] = resets[k - 1] + (values[base + k] < values[base + k - 1])
        for t in range(steps):
            first = low[p, t]
            last = high[p, t] - 1
            if last <= first:
                continue
            first_value = values[base + first]
            result = values[base + last] - first_value
            if is_counter and resets[last] != resets[first]:
                for k in range(first + 1, last + 1):
                    if values[base + k] < values[base + k - 1]:
                        result += values[base + k - 1]
            first_time = stamps[base + first + shift]
            last_time = stamps[base + last + shift]
            to_start = (first_time - (ends[t] - width)) / 1000.0
            to_end = (ends[t] - last_time) / 1000.0
            sampled = (last_time - first_time) / 1000.0
            between = sampled / (last - first)
            threshold = between * _EXTRAPOLATION_THRESHOLD
            if to_start >= threshold:
                to_start = between / 2
            if is_counter and result > 0 and first_value >= 0:
                to_zero = sampled * (first_value / result)
                if to_zero < to_start:
                    to_start = to_zero
            if to_end >= threshold:
                to_end = between / 2
            factor = (sampled + to_start + to_end) / sampled
            if is_rate:
                factor /= width / 1000.0
            out[i, t] = result * factor
            present[i, t] = True
    return out, present


@njit(nogil=True, cache=True)
def last_two(
    values: Floats,
    offsets: Times,
    stamps: Times,
    clocks: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    is_rate: bool,
) -> tuple[Floats, Mask]:
    """``irate`` (``is_rate``) and ``idelta``: from a window's last two samples."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    for i in range(n):
        base = offsets[i]
        shift = clocks[i] - base
        p = pair[i]
        for t in range(steps):
            k = base + high[p, t] - 1
            if high[p, t] - low[p, t] < 2:
                continue
            result = values[k] - values[k - 1]
            if is_rate:
                if values[k] < values[k - 1]:
                    result = values[k]
                result /= (stamps[k + shift] - stamps[k - 1 + shift]) / 1000.0
            out[i, t] = result
            present[i, t] = True
    return out, present


@njit(nogil=True, cache=True)
def count_changes(
    values: Floats,
    offsets: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    only_falls: bool,
) -> tuple[Floats, Mask]:
    """``resets`` (``only_falls``) and ``changes``; from NaN to NaN is no change."""
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    longest = 0
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    changed = np.zeros(longest + 1, np.int32)
    for i in range(n):
        base = offsets[i]
        length = offsets[i + 1] - base
        p = pair[i]
        for k in range(1, length):
            a = values[base + k - 1]
            b = values[base + k]
            step = b < a if only_falls else (a != b and not (np.isnan(a) and np.isnan(b)))
            changed[k] = changed[k - 1] + step
        for t in range(steps):
            first = low[p, t]
            last = high[p, t] - 1
            if last >= first:
                out[i, t] = changed[last] - changed[first]
                present[i, t] = True
    return out, present
