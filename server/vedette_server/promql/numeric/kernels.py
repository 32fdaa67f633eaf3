"""Compiled arithmetic for other kernels.

A compiled function is cached beside its own source and does not notice when one that it calls has changed: after a
change here, remove the ``__pycache__`` folders of the packages that use it.
"""

from __future__ import annotations

import math

import numpy as np

from vedette_server.compiled import compiled
from vedette_server.promql.values import Floats

_SHORT = 48
"""Up to so many values, insertion is the quickest way to sort."""


@compiled
def add_compensated(term: float, total: float, lost: float) -> tuple[float, float]:
    """One step of Neumaier's summation: (the new total, what it lost so far)."""
    new = total + term
    if math.isinf(new):
        return new, 0.0
    if abs(total) >= abs(term):
        return new, lost + ((total - new) + term)
    return new, lost + ((term - new) + total)


@compiled
def insertion_sort(window: Floats) -> None:
    """Sort some values in place, NaN last: for the short windows of range functions quicker than the general way."""
    for i in range(1, len(window)):
        value = window[i]
        if math.isnan(value):
            continue
        k = i
        while k > 0 and not window[k - 1] <= value:
            window[k] = window[k - 1]
            k -= 1
        window[k] = value


@compiled
def quantile_of(window: Floats, q: float) -> float:
    """The ``q``-quantile of some values, interpolated; NaN counts as the smallest. The values are sorted in place."""
    if math.isnan(q) or len(window) == 0:
        return np.nan
    if q < 0:
        return -np.inf
    if q > 1:
        return np.inf
    count = len(window)
    rank = q * (count - 1)
    lower = max(0, math.floor(rank))
    upper = min(count - 1, lower + 1)
    weight = rank - math.floor(rank)
    low, high = neighbours(window, lower, upper)
    return low * (1 - weight) + high * weight


@compiled
def neighbours(window: Floats, lower: int, upper: int) -> tuple[float, float]:
    """The values at two places next to each other in the order of size, NaN first. The values are moved about."""
    count = len(window)
    unknown = 0
    if count <= _SHORT:
        insertion_sort(window)
        while unknown < count and math.isnan(window[count - 1 - unknown]):
            unknown += 1
        known = window
    else:
        for i in range(count):
            if math.isnan(window[i]):
                window[i] = window[unknown]
                window[unknown] = np.nan
                unknown += 1
        known = window[unknown:]
        if upper >= unknown:
            find(known, upper - unknown)
            if unknown <= lower < upper:
                find(known[: upper - unknown], lower - unknown)
    low = np.nan if lower < unknown else known[lower - unknown]
    high = np.nan if upper < unknown else known[upper - unknown]
    return low, high


@compiled
def find(values: Floats, place: int) -> None:
    """Move values about until the one at ``place`` has none greater before it and none smaller behind it.

    C. A. R. Hoare, "Algorithm 65: FIND" (1961). NumPy's own ``partition`` and ``sort`` would do as well, but compiling
    them takes longer than all other kernels together.
    """
    low, high = 0, len(values) - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if place <= j:
            high = j
        elif place >= i:
            low = i
        else:
            return
