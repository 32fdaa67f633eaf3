"""Compiled loops over the buckets of classic histograms.

Every kernel takes ``values`` and ``present`` of shape (n, steps), the rows in ``order`` of histogram and bound, their
upper ``bounds`` in that order, and where each histogram's rows begin in it: ``starts`` of shape (histograms + 1,). It
returns (values, present) of shape (histograms, steps).
"""

from __future__ import annotations

import math

import numpy as np

from vedette_server.compiled import compiled
from vedette_server.promql.values import Floats, Mask, Times

_TOLERANCE = 1e-12


@compiled
def gather(
    values: Floats,
    present: Mask,
    order: Times,
    bounds: Floats,
    first: int,
    last: int,
    t: int,
    uppers: Floats,
    counts: Floats,
) -> int:
    """Collect the buckets of one histogram at one step; buckets of the same bound are added up. Returns how many."""
    size = 0
    for j in range(first, last):
        if not present[order[j], t]:
            continue
        if size and uppers[size - 1] == bounds[j]:
            counts[size - 1] += values[order[j], t]
        else:
            uppers[size] = bounds[j]
            counts[size] = values[order[j], t]
            size += 1
    return size


@compiled
def make_monotonic(counts: Floats, size: int) -> bool:
    """Lift counts that fall below the ones before them; tells whether that was more than rounding."""
    previous = counts[0]
    for j in range(1, size):
        delta = abs(counts[j] - previous)
        if delta == 0:
            continue
        if counts[j] != 0 and delta / counts[j] <= _TOLERANCE:
            counts[j] = previous
        else:
            previous = counts[j]
    forced = False
    highest = counts[0]
    for j in range(1, size):
        if counts[j] > highest:
            highest = counts[j]
        elif counts[j] < highest:
            counts[j] = highest
            forced = True
    return forced


@compiled
def bucket_quantile(uppers: Floats, counts: Floats, size: int, q: float) -> tuple[float, bool]:
    """The ``q``-quantile, linear within a bucket, and whether the counts had to be made monotonic."""
    if math.isnan(q):
        return np.nan, False
    if q < 0:
        return -np.inf, False
    if q > 1:
        return np.inf, False
    if not (math.isinf(uppers[size - 1]) and uppers[size - 1] > 0):
        return np.nan, False
    forced = make_monotonic(counts, size)
    if size < 2 or counts[size - 1] == 0 or math.isnan(counts[size - 1]):
        return np.nan, False
    rank = q * counts[size - 1]
    b = 0
    while b < size - 1 and counts[b] < rank:
        b += 1
    if b == size - 1:
        return uppers[size - 2], forced
    if b == 0 and uppers[0] <= 0:
        return uppers[0], forced
    start = 0.0
    count = counts[b]
    if b > 0:
        start = uppers[b - 1]
        count -= counts[b - 1]
        rank -= counts[b - 1]
    return start + (uppers[b] - start) * (rank / count), forced


@compiled
def quantiles(
    values: Floats, present: Mask, order: Times, bounds: Floats, starts: Times, q: Floats
) -> tuple[Floats, Mask, Mask]:
    """``histogram_quantile``; ``q`` has a value for each step. Also returns which histograms were made monotonic."""
    groups = len(starts) - 1
    steps = values.shape[1]
    out = np.zeros((groups, steps), np.float64)
    found = np.zeros((groups, steps), np.bool_)
    forced = np.zeros(groups, np.bool_)
    uppers = np.empty(len(order), np.float64)
    counts = np.empty(len(order), np.float64)
    for g in range(groups):
        for t in range(steps):
            size = gather(values, present, order, bounds, starts[g], starts[g + 1], t, uppers, counts)
            if size:
                result, lifted = bucket_quantile(uppers, counts, size, q[t])
                out[g, t] = result
                found[g, t] = True
                forced[g] |= lifted
    return out, found, forced


@compiled
def rank_of(uppers: Floats, counts: Floats, size: int, value: float) -> float:
    """How many observations are at most ``value``; a bucket without a finite width counts for nothing in between."""
    below = 0.0
    lower = 0.0 if uppers[0] > 0 else -np.inf
    for j in range(size):
        if j > 0:
            lower = uppers[j - 1]
        if lower >= value:
            break
        if uppers[j] > value:
            share = 1.0 if math.isinf(lower) else (value - lower) / (uppers[j] - lower)
            below += (counts[j] - below) * share
            break
        below = counts[j]
    return below


@compiled
def fractions(
    values: Floats, present: Mask, order: Times, bounds: Floats, starts: Times, low: Floats, high: Floats
) -> tuple[Floats, Mask]:
    """``histogram_fraction``; the limits have a value for each step."""
    groups = len(starts) - 1
    steps = values.shape[1]
    out = np.zeros((groups, steps), np.float64)
    found = np.zeros((groups, steps), np.bool_)
    uppers = np.empty(len(order), np.float64)
    counts = np.empty(len(order), np.float64)
    for g in range(groups):
        for t in range(steps):
            size = gather(values, present, order, bounds, starts[g], starts[g + 1], t, uppers, counts)
            if not size:
                continue
            found[g, t] = True
            total = counts[size - 1]
            unbounded = math.isinf(uppers[size - 1]) and uppers[size - 1] > 0
            if not unbounded or total == 0 or math.isnan(low[t]) or math.isnan(high[t]):
                out[g, t] = np.nan
            elif low[t] < high[t]:
                upper = min(rank_of(uppers, counts, size, high[t]), total)
                lower = min(rank_of(uppers, counts, size, low[t]), total)
                out[g, t] = (upper - lower) / total
    return out, found
