"""A slow evaluator that follows the definitions one step and one series at a time; the kernels are compared with it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise

from vedette_shared.labels import METRIC_NAME, Labels

Window = list[tuple[int, float]]
"""The samples of a window: (time in ms, value)."""


def in_window(samples: Iterable[tuple[int, float]], start: int, end: int) -> Window:
    """The samples with ``start < time <= end``."""
    return [(time, value) for time, value in samples if start < time <= end]


def exact_sum(values: Iterable[float]) -> float:
    """The sum without rounding errors, or what IEEE 754 makes of infinities and NaN."""
    values = list(values)
    if not all(math.isfinite(value) for value in values):
        return sum(values)
    try:
        return float(sum(Fraction(value) for value in values))
    except OverflowError:
        return math.inf if sum(Fraction(value) for value in values) > 0 else -math.inf


def mean(values: list[float]) -> float:
    """The mean without rounding errors."""
    if not all(math.isfinite(value) for value in values):
        return sum(values)
    return float(sum(Fraction(value) for value in values) / len(values))


def variance(values: list[float]) -> float:
    """The population variance."""
    if not all(math.isfinite(value) for value in values):
        return math.nan
    middle = sum(Fraction(value) for value in values) / len(values)
    try:
        return float(sum((Fraction(value) - middle) ** 2 for value in values) / len(values))
    except OverflowError:
        return math.inf


def quantile(q: float, values: list[float]) -> float:
    """The interpolated quantile; NaN counts as the smallest value."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return -math.inf if q < 0 else math.inf
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = q * (len(ordered) - 1)
    lower = math.floor(rank)
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - lower
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


def extreme(values: list[float], pick: Callable[[list[float]], float]) -> float:
    """The largest or smallest value that is a number."""
    known = [value for value in values if not math.isnan(value)]
    return pick(known) if known else math.nan


def increase(window: Window, start: int, end: int, *, is_counter: bool) -> float | None:
    """The increase over a window, extrapolated to its bounds."""
    if len(window) < 2:
        return None
    times, values = [time for time, _ in window], [value for _, value in window]
    result = values[-1] - values[0]
    if is_counter:
        result += sum(before for before, after in pairwise(values) if after < before)
    sampled = (times[-1] - times[0]) / 1000
    between = sampled / (len(window) - 1)
    to_start, to_end = (times[0] - start) / 1000, (end - times[-1]) / 1000
    if to_start >= 1.1 * between:
        to_start = between / 2
    if is_counter and result > 0 and values[0] >= 0:
        to_start = min(to_start, sampled * (values[0] / result))
    if to_end >= 1.1 * between:
        to_end = between / 2
    return result * ((sampled + to_start + to_end) / sampled)


def line(window: Window, origin: int) -> tuple[float, float] | None:
    """The slope and the value at ``origin`` of the least-squares line."""
    if len(window) < 2:
        return None
    values = [value for _, value in window]
    if all(value == values[0] for value in values):
        return (math.nan, math.nan) if math.isinf(values[0]) else (0.0, values[0])
    if not all(math.isfinite(value) for value in values):
        return math.nan, math.nan
    xs = [Fraction(time - origin, 1000) for time, _ in window]
    ys = [Fraction(value) for value in values]
    n = len(xs)
    covariance = sum(x * y for x, y in zip(xs, ys, strict=True)) - sum(xs) * sum(ys) / n
    slope = covariance / (sum(x * x for x in xs) - sum(xs) ** 2 / n)
    return float(slope), float(sum(ys) / n - slope * sum(xs) / n)


def smoothing(values: list[float], factor: float, trend_factor: float) -> float | None:
    """Holt's linear method."""
    if len(values) < 2:
        return None
    level, trend, before = values[0], values[1] - values[0], 0.0
    for i, value in enumerate(values[1:]):
        if i:
            trend = trend_factor * (level - before) + (1 - trend_factor) * trend
        before, level = level, factor * value + (1 - factor) * (level + trend)
    return level


def changes(values: list[float], *, only_falls: bool) -> float:
    """How often a value differs from the one before."""
    pairs = list(pairwise(values))
    if only_falls:
        return float(sum(after < before for before, after in pairs))
    return float(sum(after != before and not (math.isnan(after) and math.isnan(before)) for before, after in pairs))


def last_two(window: Window, *, is_rate: bool) -> float | None:
    """``irate`` and ``idelta``."""
    if len(window) < 2:
        return None
    (first_time, first), (second_time, second) = window[-2:]
    result = second if is_rate and second < first else second - first
    return result / ((second_time - first_time) / 1000) if is_rate else result


def time_of(window: Window, pick: Callable[[float, float], bool]) -> float:
    """The time of the last of the values that ``pick`` prefers."""
    chosen = window[0]
    for sample in window:
        if pick(sample[1], chosen[1]) or math.isnan(chosen[1]):
            chosen = sample
    return chosen[0] / 1000


def range_function(name: str, window: Window, start: int, end: int, width: float) -> float | None:
    """The value of a range function for one window, ``None`` where there is none."""
    if not window:
        return None
    values = [value for _, value in window]
    if name in ("rate", "increase", "delta"):
        found = increase(window, start, end, is_counter=name != "delta")
        return found / width if found is not None and name == "rate" else found
    if name in ("irate", "idelta"):
        return last_two(window, is_rate=name == "irate")
    if name in ("deriv", "predict_linear"):
        fitted = line(window, window[0][0] if name == "deriv" else end)
        return fitted and (fitted[0] if name == "deriv" else fitted[0] * 60 + fitted[1])
    if name == "double_exponential_smoothing":
        return smoothing(values, 0.5, 0.25)
    return _SIMPLE[name](window, values)


_SIMPLE: dict[str, Callable[[Window, list[float]], float]] = {
    "count_over_time": lambda _, values: float(len(values)),
    "present_over_time": lambda _, __: 1.0,
    "first_over_time": lambda _, values: values[0],
    "last_over_time": lambda _, values: values[-1],
    "sum_over_time": lambda _, values: exact_sum(values),
    "avg_over_time": lambda _, values: mean(values),
    "max_over_time": lambda _, values: extreme(values, max),
    "min_over_time": lambda _, values: extreme(values, min),
    "stdvar_over_time": lambda _, values: variance(values),
    "stddev_over_time": lambda _, values: math.sqrt(variance(values)),
    "quantile_over_time": lambda _, values: quantile(0.3, values),
    "mad_over_time": lambda _, values: (
        math.nan
        if any(math.isnan(value) for value in values)
        else quantile(0.5, [abs(value - quantile(0.5, values)) for value in values])
    ),
    "changes": lambda _, values: changes(values, only_falls=False),
    "resets": lambda _, values: changes(values, only_falls=True),
    "ts_of_first_over_time": lambda window, _: window[0][0] / 1000,
    "ts_of_last_over_time": lambda window, _: window[-1][0] / 1000,
    "ts_of_max_over_time": lambda window, _: time_of(window, lambda a, b: a >= b),
    "ts_of_min_over_time": lambda window, _: time_of(window, lambda a, b: a <= b),
}

AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": exact_sum,
    "avg": mean,
    "max": lambda values: extreme(values, max),
    "min": lambda values: extreme(values, min),
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stdvar": variance,
    "stddev": lambda values: math.sqrt(variance(values)),
}

Step = dict[Labels, float]
"""A vector at one step."""


def only(labels: Labels, names: Iterable[str]) -> Labels:
    """The named labels."""
    return tuple(pair for pair in labels if pair[0] in names)


def without(labels: Labels, names: Iterable[str]) -> Labels:
    """All labels but the named ones and the metric name."""
    return tuple(pair for pair in labels if pair[0] not in names and pair[0] != METRIC_NAME)


def grouped(step: Step, key: Callable[[Labels], Labels]) -> dict[Labels, list[float]]:
    """The values of a step by group."""
    groups: dict[Labels, list[float]] = defaultdict(list)
    for labels, value in step.items():
        groups[key(labels)].append(value)
    return groups


class MatchError(Exception):
    """The sides of an operator do not match as they must."""


def match(
    left: Step, right: Step, key: Callable[[Labels], Labels], result: Callable[[Labels], Labels], *, many: bool
) -> Step:
    """The sum of two vectors, matched one to one or (``many``) many to one."""
    if not left or not right:
        return {}
    ones: dict[Labels, float] = {}
    for labels, value in right.items():
        if key(labels) in ones:
            raise MatchError("the right side has duplicates")
        ones[key(labels)] = value
    found: Step = {}
    seen: set[Labels] = set()
    for labels, value in left.items():
        group = key(labels)
        if group not in ones:
            continue
        if not many and group in seen:
            raise MatchError("the left side has duplicates")
        seen.add(group)
        name = result(labels)
        if name in found:
            raise MatchError("the result has duplicates")
        found[name] = value + ones[group]
    return found
