"""Compiled loops that fold series into groups, step by step.

Every kernel takes ``values`` and ``present`` of shape (n, steps) and ``groups`` of shape (n,) with numbers below
``count``, and returns (values, present) of shape (count, steps).
"""

from __future__ import annotations

import math

import numpy as np

from vedette_server.compiled import compiled
from vedette_server.promql.numeric.kernels import quantile_of
from vedette_server.promql.values import Floats, Mask, Times


@compiled
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


@compiled
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


@compiled
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


@compiled
def count_groups(present: Mask, groups: Times, count: int) -> Floats:
    """How many series of each group are present at each step."""
    n, steps = present.shape
    out = np.zeros((count, steps), np.float64)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            out[g, t] += present[i, t]
    return out


@compiled
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


@compiled
def any_present(present: Mask, groups: Times, count: int) -> Mask:
    """Whether any series of a group is present at a step."""
    n, steps = present.shape
    out = np.zeros((count, steps), np.bool_)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            out[g, t] |= present[i, t]
    return out


@compiled
def is_worse(a: float, b: float, largest: bool) -> bool:
    """Whether ``a`` gives way to ``b`` when the largest (or smallest) values are wanted; NaN gives way to all."""
    if math.isnan(a):
        return not math.isnan(b)
    return a < b if largest else a > b


@compiled
def keep_extremes(  # noqa: C901 - one compiled loop
    values: Floats, present: Mask, groups: Times, count: int, k: Times, largest: bool
) -> Mask:
    """Which series are among the ``k[t]`` largest (or smallest) of their group: bool of shape (n, steps).

    Each group keeps a heap of rows whose worst is at its root; of equal values the earlier series stays.
    """
    n, steps = values.shape
    kept = np.zeros((n, steps), np.bool_)
    sizes = np.zeros(count + 1, np.int64)
    for i in range(n):
        sizes[groups[i] + 1] += 1
    starts = np.cumsum(sizes)
    heap = np.empty(n, np.int64)
    filled = np.zeros(count, np.int64)
    for t in range(steps):
        filled[:] = 0
        for i in range(n):
            if not present[i, t] or k[t] < 1:
                continue
            g = groups[i]
            base = starts[g]
            size = filled[g]
            if size < k[t]:
                child = size
                heap[base + child] = i
                filled[g] = size + 1
                while child > 0:
                    parent = (child - 1) // 2
                    if not is_worse(values[heap[base + child], t], values[heap[base + parent], t], largest):
                        break
                    heap[base + child], heap[base + parent] = heap[base + parent], heap[base + child]
                    child = parent
            elif is_worse(values[heap[base], t], values[i, t], largest):
                heap[base] = i
                parent = 0
                while True:
                    child = 2 * parent + 1
                    if child >= size:
                        break
                    other = child + 1
                    if other < size and is_worse(values[heap[base + other], t], values[heap[base + child], t], largest):
                        child = other
                    if not is_worse(values[heap[base + child], t], values[heap[base + parent], t], largest):
                        break
                    heap[base + child], heap[base + parent] = heap[base + parent], heap[base + child]
                    parent = child
        for g in range(count):
            for j in range(filled[g]):
                kept[heap[starts[g] + j], t] = True
    return kept


@compiled
def keep_first(present: Mask, groups: Times, count: int, k: Times) -> Mask:
    """Which series are among the first ``k[t]`` of their group: bool of shape (n, steps)."""
    n, steps = present.shape
    kept = np.zeros((n, steps), np.bool_)
    filled = np.zeros((count, steps), np.int64)
    for i in range(n):
        g = groups[i]
        for t in range(steps):
            if present[i, t] and filled[g, t] < k[t]:
                filled[g, t] += 1
                kept[i, t] = True
    return kept


@compiled
def quantile_groups(values: Floats, present: Mask, groups: Times, count: int, q: Floats) -> tuple[Floats, Mask]:
    """``quantile``: interpolated between the sorted values of a group; ``q`` has a value for each step."""
    n, steps = values.shape
    out = np.zeros((count, steps), np.float64)
    found = np.zeros((count, steps), np.bool_)
    order = np.argsort(groups, kind="mergesort")
    column = np.empty(n, np.float64)
    for t in range(steps):
        start = 0
        while start < n:
            g = groups[order[start]]
            stop = start
            size = 0
            while stop < n and groups[order[stop]] == g:
                i = order[stop]
                if present[i, t]:
                    column[size] = values[i, t]
                    size += 1
                stop += 1
            if size:
                found[g, t] = True
                out[g, t] = quantile_of(column[:size], q[t])
            start = stop
    return out, found
