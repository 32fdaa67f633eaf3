"""Compiled loops for rates and changes over windows.

Every kernel takes ``values`` and ``offsets`` of flat samples, ``stamps`` and ``clocks`` for their times, and the
windows as ``pair``, ``low`` and ``high`` from ``selection.kernels.window_bounds``; it returns (values, present) of
shape (n, steps).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql.compiled import compiled
from vedette_server.promql.values import Floats, Mask, Times

_EXTRAPOLATION_THRESHOLD = 1.1


@compiled
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
        shift = clocks[i] - base
        p = pair[i]
        if is_counter and steps:
            resets[low[p, 0]] = 0
            for k in range(low[p, 0] + 1, high[p, steps - 1]):
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


@compiled
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


@compiled
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
        p = pair[i]
        begin = low[p].min()
        changed[begin] = 0
        for k in range(begin + 1, high[p, steps - 1]):
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


@compiled
def interpolate(before: float, after: float, before_time: int, after_time: int, time: int, is_counter: bool) -> float:
    """The value at ``time`` on the line between two samples; a counter that fell started again from zero."""
    if is_counter and after < before:
        before = 0.0
    return before + (after - before) * (time - before_time) / (after_time - before_time)


@compiled
def bounded_rate(  # noqa: C901 - one compiled loop
    values: Floats,
    offsets: Times,
    stamps: Times,
    clocks: Times,
    pair: NDArray[np.int32],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    ends: Times,
    width: int,
    is_smoothed: bool,
    is_counter: bool,
    is_rate: bool,
) -> tuple[Floats, Mask]:
    """``rate``, ``increase`` and ``delta`` of ``anchored`` and ``smoothed`` selectors: from bound to bound, no guess.

    The windows reach a lookback further back (and ahead, when smoothed) than the range. An anchored range begins with
    the last sample at or before it; a smoothed one is interpolated at its bounds.
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
            begin = base + low[p, t]
            last = base + high[p, t] - 1
            if last < begin:
                continue
            end_time = ends[t]
            start_time = end_time - width
            first = begin
            while first < last and stamps[first + 1 + shift] <= start_time:
                first += 1
            if is_smoothed:
                k = begin
                while k < last and stamps[k + shift] < end_time:
                    k += 1
                last = k
            if stamps[last + shift] <= start_time or stamps[first + shift] > end_time:
                continue
            left = values[first]
            if is_smoothed and stamps[first + shift] < start_time:
                left = interpolate(
                    left, values[first + 1], stamps[first + shift], stamps[first + 1 + shift], start_time, is_counter
                )
            right = values[last]
            if is_smoothed and last > begin and stamps[last + shift] > end_time:
                right = interpolate(
                    values[last - 1], right, stamps[last - 1 + shift], stamps[last + shift], end_time, is_counter
                )
            result = right - left
            if is_counter:
                previous = left
                for k in range(first, last + 1):
                    if stamps[k + shift] <= start_time and k == first:
                        continue
                    if stamps[k + shift] >= end_time and k == last:
                        continue
                    if values[k] < previous:
                        result += previous
                    previous = values[k]
                if right < previous:
                    result += previous
            out[i, t] = result / (width / 1000.0) if is_rate else result
            present[i, t] = True
    return out, present


@compiled
def anchor_windows(
    stamps: Times,
    clocks: Times,
    first_series: Times,
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    ends: Times,
    width: int,
) -> NDArray[np.int32]:
    """Move the beginning of each window to the last sample at or before the range; an outdated window becomes empty."""
    steps = low.shape[1]
    moved = low.copy()
    for p in range(len(first_series)):
        base = clocks[first_series[p]]
        for t in range(steps):
            begin = low[p, t]
            last = high[p, t] - 1
            if last < begin:
                continue
            start_time = ends[t] - width
            if stamps[base + last] <= start_time:
                moved[p, t] = high[p, t]
                continue
            while begin < last and stamps[base + begin + 1] <= start_time:
                begin += 1
            moved[p, t] = begin
    return moved
