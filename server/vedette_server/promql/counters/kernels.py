"""Compiled loops for rates and changes over windows.

Every kernel takes ``values`` and ``offsets`` of flat samples, ``stamps`` and ``clocks`` for their times, and the
windows as ``pair``, ``low`` and ``high`` from ``selection.kernels.window_bounds``; it returns (values, present) of
shape (n, steps).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled
from vedette_server.promql.values import Floats, Mask, Times

_EXTRAPOLATION_THRESHOLD = 1.1


@compiled
def reaches(
    stamps: Times,
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    ends: Times,
    width: int,
    sampled: Floats,
    to_start: Floats,
    to_end: Floats,
) -> None:
    """For each window of one clock, in seconds: how long its samples span, and how far to extrapolate at either end.

    Up to a little more than the usual distance between samples, the series is taken to go on to the window's bound,
    else by half that distance.
    """
    for t in range(len(ends)):
        first = low[t]
        last = high[t] - 1
        if last <= first:
            continue
        sampled[t] = (stamps[last] - stamps[first]) / 1000.0
        between = sampled[t] / (last - first)
        to_start[t] = (stamps[first] - (ends[t] - width)) / 1000.0
        to_end[t] = (ends[t] - stamps[last]) / 1000.0
        if to_start[t] >= between * _EXTRAPOLATION_THRESHOLD:
            to_start[t] = between / 2
        if to_end[t] >= between * _EXTRAPOLATION_THRESHOLD:
            to_end[t] = between / 2


@compiled
def count_falls(values: Floats, first: int, last: int, falls: NDArray[np.int32], base: int) -> bool:
    """Count, for each value of a stretch, the falls up to it; ``falls`` is left alone where there is none at all."""
    found = 0
    for k in range(first + 1, last):
        found += values[k] < values[k - 1]
    if found:
        falls[first - base] = 0
        for k in range(first + 1, last):
            falls[k - base] = falls[k - 1 - base] + (values[k] < values[k - 1])
    return found > 0


@compiled
def extrapolated(
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

    The sum of a window's counter resets is looked for only where a running count says that there is one. A counter is
    not extrapolated to below zero.
    """
    n = len(pair)
    steps = low.shape[1]
    out = np.zeros((n, steps), np.float64)
    present = np.zeros((n, steps), np.bool_)
    longest = 0
    for i in range(n):
        longest = max(longest, offsets[i + 1] - offsets[i])
    resets = np.zeros(longest + 1, np.int32)
    sampled = np.zeros(steps, np.float64)
    to_start = np.zeros(steps, np.float64)
    to_end = np.zeros(steps, np.float64)
    per_second = width / 1000.0 if is_rate else 1.0
    for i in range(n):
        base = offsets[i]
        p = pair[i]
        if i == 0 or p != pair[i - 1]:
            reaches(stamps[clocks[i] :], low[p], high[p], ends, width, sampled, to_start, to_end)
        falls = is_counter and steps > 0
        if falls:
            falls = count_falls(values, base + low[p, 0], base + high[p, steps - 1], resets, base)
        for t in range(steps):
            first = low[p, t]
            last = high[p, t] - 1
            if last <= first:
                continue
            first_value = values[base + first]
            result = values[base + last] - first_value
            if falls and resets[last] != resets[first]:
                for k in range(base + first + 1, base + last + 1):
                    if values[k] < values[k - 1]:
                        result += values[k - 1]
            start = to_start[t]
            if is_counter and result > 0 and first_value >= 0 and sampled[t] * first_value < start * result:
                start = sampled[t] * (first_value / result)
            factor = (sampled[t] + start + to_end[t]) / sampled[t]
            out[i, t] = result * (factor / per_second)
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
