"""Compiled loops that fold series into groups, step by step.

Every kernel takes ``values`` and ``present`` of shape (n, steps) and ``groups`` of shape (n,) with numbers below
``count``, and returns (values, present) of shape (count, steps).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from vedette_server.promql.values import Floats, Mask, Times


@njit(nogil=True, cache=True)
def sum_groups(values: Floats, present: Mask, groups: Times, count: int) -> tuple[Floats, Mask]:
    """``sum`` with Neumaier's compensated summation."""
    n, steps = values.shape
    out = np.zeros((count, steps), np.float64)
    lost = np.zeros((count, steps), np.float64)
    found = np.zeros((count, steps), np.bool_)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            if not present[i, t]:
                continue
            term = values[i, t]
            if not found[g, t]:
                found[g, t] = True
                out[g, t] = term
                continue
            start = out[g, t]
            new = start + term
            if math.isinf(new):
                lost[g, t] = 0.0
            elif abs(start) >= abs(term):
                lost[g, t] += (start - new) + term
            else:
                lost[g, t] += (term - new) + start
            out[g, t] = new
    for g in range(count):
        for t in range(steps):
            out[g, t] += lost[g, t]
    return out, found


@njit(nogil=True, cache=True)
def mean_groups(  # noqa: C901 - one compiled loop
    values: Floats, present: Mask, groups: Times, count: int
) -> tuple[Floats, Mask]:
    """``avg``: a compensated sum, carried on as an incremental mean where the sum overflows."""
    n, steps = values.shape
    out = np.zeros((count, steps), np.float64)
    lost = np.zeros((count, steps), np.float64)
    counts = np.zeros((count, steps), np.float64)
    incremental = np.zeros((count, steps), np.bool_)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            if not present[i, t]:
                continue
            counts[g, t] += 1.0
            term = values[i, t]
            size = counts[g, t]
            if size == 1.0:
                out[g, t] = term
                continue
            start = out[g, t]
            start_lost = lost[g, t]
            if not incremental[g, t] and math.isinf(start + term):
                incremental[g, t] = True
                start /= size - 1.0
                start_lost /= size - 1.0
            if incremental[g, t]:
                share = (size - 1.0) / size
                start *= share
                start_lost *= share
                term /= size
            new = start + term
            if math.isinf(new):
                lost[g, t] = 0.0
            elif abs(start) >= abs(term):
                lost[g, t] = start_lost + ((start - new) + term)
            else:
                lost[g, t] = start_lost + ((term - new) + start)
            out[g, t] = new
    found = counts > 0
    for g in range(count):
        for t in range(steps):
            if incremental[g, t]:
                out[g, t] += lost[g, t]
            elif found[g, t]:
                out[g, t] = out[g, t] / counts[g, t] + lost[g, t] / counts[g, t]
    return out, found


@njit(nogil=True, cache=True)
def extreme_groups(values: Floats, present: Mask, groups: Times, count: int, is_max: bool) -> tuple[Floats, Mask]:
    """``max`` and ``min``: NaN only where every value is NaN."""
    n, steps = values.shape
    out = np.zeros((count, steps), np.float64)
    found = np.zeros((count, steps), np.bool_)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            if not present[i, t]:
                continue
            value = values[i, t]
            held = out[g, t]
            if not found[g, t] or (value > held if is_max else value < held) or math.isnan(held):
                out[g, t] = value
                found[g, t] = True
    return out, found


@njit(nogil=True, cache=True)
def count_groups(present: Mask, groups: Times, count: int) -> Floats:
    """How many series of each group are present at each step."""
    n, steps = present.shape
    out = np.zeros((count, steps), np.float64)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            out[g, t] += present[i, t]
    return out


@njit(nogil=True, cache=True)
def variance_groups(values: Floats, present: Mask, groups: Times, count: int) -> tuple[Floats, Mask]:
    """``stdvar`` by Welford's method; a group that starts with a value that is not finite is NaN."""
    n, steps = values.shape
    mean = np.zeros((count, steps), np.float64)
    out = np.zeros((count, steps), np.float64)
    counts = np.zeros((count, steps), np.float64)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            if not present[i, t]:
                continue
            counts[g, t] += 1.0
            value = values[i, t]
            if counts[g, t] == 1.0:
                mean[g, t] = value
                out[g, t] = 0.0 if math.isfinite(value) else np.nan
                continue
            delta = value - mean[g, t]
            mean[g, t] += delta / counts[g, t]
            out[g, t] += delta * (value - mean[g, t])
    found = counts > 0
    for g in range(count):
        for t in range(steps):
            if found[g, t]:
                out[g, t] /= counts[g, t]
    return out, found


@njit(nogil=True, cache=True)
def any_present(present: Mask, groups: Times, count: int) -> Mask:
    """Whether any series of a group is present at a step."""
    n, steps = present.shape
    out = np.zeros((count, steps), np.bool_)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            out[g, t] |= present[i, t]
    return out
