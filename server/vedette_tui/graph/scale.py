"""Where the marks of an axis go: round numbers, powers of two for bytes, full minutes and hours for time. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_DURATIONS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    14_400,
    21_600,
    43_200,
    86_400,
)
_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)


@dataclass(frozen=True, slots=True)
class Scale:
    """The values at the lower and the upper edge of a chart."""

    low: float
    high: float

    def fraction(self, value: float) -> float:
        """Return how far up ``value`` lies: 0 at the lower edge, 1 at the upper."""
        return (value - self.low) / (self.high - self.low)

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies on the chart."""
        return self.low <= value <= self.high


def fit_scale(values: Sequence[float], levels: Sequence[float], unit: str, *, zoomed: bool) -> Scale:
    """Return a scale that holds the finite ``values``.

    Zoomed, it holds them closely. Else it also holds ``levels``, the whole of 0 to 100 for percents, and zero when the
    values are not far from it, so that two graphs of one kind can be compared at a glance.
    """
    if not values:
        values = [0.0]
    low, high = min(values), max(values)
    if not zoomed:
        low, high = min([low, *levels]), max([high, *levels])
        if unit == "%":
            low, high = min(low, 0.0), max(high, 100.0)
        elif 0 <= low <= high / 2:
            low = 0.0
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    if zoomed or unit != "%":
        high += margin
        low -= margin if zoomed or low != 0.0 else 0.0
    return Scale(low, high)


def value_ticks(scale: Scale, count: int, unit: str) -> list[float]:
    """Return at most ``count`` or so round values inside ``scale``, ascending."""
    step = _round_step((scale.high - scale.low) / max(1, count), unit)
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def time_ticks(start_s: float, end_s: float, count: int) -> list[int]:
    """Return at most ``count`` or so moments (s since the epoch) at full minutes, hours or days of local time."""
    least = (end_s - start_s) / max(1, count)
    step = next((size for size in _DURATIONS_S if size >= max(60, least)), 86_400)
    offset = datetime.fromtimestamp(start_s).astimezone().utcoffset()
    shift = round(offset.total_seconds()) if offset else 0
    first = math.ceil((start_s + shift) / step) * step - shift
    return list(range(first, math.floor(end_s) + 1, step))


def query_step(range_s: int, points: int) -> int:
    """Return the step (s) of a range query whose answer has at most ``points`` values, but not below 5 s."""
    return next((step for step in _STEPS_S if step * points >= range_s), -(-range_s // max(1, points)))


def _round_step(least: float, unit: str) -> float:
    if unit in ("B", "B/s") and least >= 1:
        return float(2 ** math.ceil(math.log2(least)))
    if unit == "s" and least >= 10:
        return float(next((size for size in _DURATIONS_S if size >= least), math.ceil(least / 86_400) * 86_400))
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))
