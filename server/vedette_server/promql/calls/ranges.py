"""Functions over range vectors: the samples, the windows and the scalar arguments in, values at every step out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from vedette_server.promql.counters import kernels as counters
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.functions import ANCHORED_FUNCTIONS, SMOOTHED_FUNCTIONS
from vedette_server.promql.nodes import Call, Expr, MatrixSelector, ValueType, strip_parens
from vedette_server.promql.overtime import kernels as overtime
from vedette_server.promql.selection.kernels import clock_pairs
from vedette_server.promql.selection.read import bounds
from vedette_server.promql.trends import kernels as trends
from vedette_server.promql.types import value_type
from vedette_server.promql.values import Evaluation, Floats, Grid, Mask, Samples, Vector, Windows, flags
from vedette_server.promql.warnings import possible_non_counter, warn_of_quantiles

RangeFunction: TypeAlias = Callable[[Samples, Windows, list[Floats]], tuple[Floats, Mask]]


def _rate(
    samples: Samples, windows: Windows, _: list[Floats], *, is_counter: bool, is_rate: bool
) -> tuple[Floats, Mask]:
    found = bounds(samples, windows.ends + windows.ahead, windows.range + windows.behind + windows.ahead)
    arrays = samples.values, samples.offsets, samples.timestamps, samples.clocks
    if windows.extension:
        smoothed = windows.extension == "smoothed"
        return counters.bounded_rate(*arrays, *found, windows.ends, windows.range, smoothed, is_counter, is_rate)
    return counters.extrapolated(*arrays, *found, windows.ends, windows.range, is_counter, is_rate)


def _last_two(samples: Samples, windows: Windows, _: list[Floats], *, is_rate: bool) -> tuple[Floats, Mask]:
    found = bounds(samples, windows.ends, windows.range)
    return counters.last_two(samples.values, samples.offsets, samples.timestamps, samples.clocks, *found, is_rate)


def _changes(samples: Samples, windows: Windows, _: list[Floats], *, only_falls: bool) -> tuple[Floats, Mask]:
    found = bounds(samples, windows.ends, windows.range + windows.behind)
    if windows.extension:
        pair, begins, stops = found
        first = clock_pairs(samples.clocks, samples.offsets)[1]
        moved = counters.anchor_windows(
            samples.timestamps, samples.clocks, first, begins, stops, windows.ends, windows.range
        )
        found = pair, moved, stops
    return counters.count_changes(samples.values, samples.offsets, *found, only_falls)


def _over_values(kernel: Callable[..., tuple[Floats, Mask]], *options: int) -> RangeFunction:
    """A function whose kernel needs the values, the scalar arguments, and perhaps an option."""

    def evaluate(samples: Samples, windows: Windows, scalars: list[Floats]) -> tuple[Floats, Mask]:
        windows_of = bounds(samples, windows.ends, windows.range)
        return kernel(samples.values, samples.offsets, *windows_of, *scalars, *options)

    return evaluate


def _time_of(what: int) -> RangeFunction:
    def evaluate(samples: Samples, windows: Windows, _: list[Floats]) -> tuple[Floats, Mask]:
        found = bounds(samples, windows.ends, windows.range)
        return overtime.pick_time(samples.values, samples.offsets, samples.timestamps, samples.clocks, *found, what)

    return evaluate


def _line(samples: Samples, windows: Windows, scalars: list[Floats], *, is_slope: bool) -> tuple[Floats, Mask]:
    found = bounds(samples, windows.ends, windows.range)
    ahead = scalars[0] if scalars else np.zeros(len(windows.ends))
    arrays = samples.values, samples.offsets, samples.timestamps, samples.clocks
    return trends.regression(*arrays, *found, windows.times, ahead, is_slope)


def _smooth(samples: Samples, windows: Windows, scalars: list[Floats]) -> tuple[Floats, Mask]:
    for name, values in zip(("smoothing", "trend"), scalars, strict=True):
        wrong = ~((values > 0) & (values < 1))
        if wrong.any() and len(samples):
            found = f"{values[wrong][0]:f}"
            initials = f"{name[0]}f"
            raise ExecutionError(f"invalid {name} factor. Expected: 0 < {initials} < 1, got: {found}")
    return _over_values(trends.smooth)(samples, windows, scalars)


RANGE_FUNCTIONS: dict[str, RangeFunction] = {
    "rate": partial(_rate, is_counter=True, is_rate=True),
    "increase": partial(_rate, is_counter=True, is_rate=False),
    "delta": partial(_rate, is_counter=False, is_rate=False),
    "irate": partial(_last_two, is_rate=True),
    "idelta": partial(_last_two, is_rate=False),
    "resets": partial(_changes, only_falls=True),
    "changes": partial(_changes, only_falls=False),
    "count_over_time": _over_values(overtime.pick, overtime.COUNT),
    "present_over_time": _over_values(overtime.pick, overtime.PRESENT),
    "first_over_time": _over_values(overtime.pick, overtime.FIRST),
    "last_over_time": _over_values(overtime.pick, overtime.LAST),
    "sum_over_time": _over_values(overtime.total, False),
    "avg_over_time": _over_values(overtime.total, True),
    "max_over_time": _over_values(overtime.extreme, True),
    "min_over_time": _over_values(overtime.extreme, False),
    "stddev_over_time": _over_values(overtime.variance, True),
    "stdvar_over_time": _over_values(overtime.variance, False),
    "quantile_over_time": _over_values(overtime.quantile),
    "mad_over_time": _over_values(overtime.median_deviation),
    "ts_of_first_over_time": _time_of(overtime.FIRST_TIME),
    "ts_of_last_over_time": _time_of(overtime.LAST_TIME),
    "ts_of_max_over_time": _time_of(overtime.TIME_OF_MAX),
    "ts_of_min_over_time": _time_of(overtime.TIME_OF_MIN),
    "deriv": partial(_line, is_slope=True),
    "predict_linear": partial(_line, is_slope=False),
    "double_exponential_smoothing": _smooth,
}

_KEEPS_NAME = frozenset({"first_over_time", "last_over_time"})


def _call(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    scalars = []
    matrix: Expr = call.args[0]
    for arg in call.args:
        if value_type(arg) is ValueType.MATRIX:
            matrix = arg
        else:
            scalars.append(evaluation.scalar(arg, grid))
    _check_extension(call.func, matrix)
    samples, windows = evaluation.samples(matrix, grid)
    evaluation.context.check_points(len(samples), grid.count)
    values, present = RANGE_FUNCTIONS[call.func](samples, windows, scalars)
    if call.func in ("rate", "increase"):
        possible_non_counter(evaluation.context.notes, samples.labels, present, matrix.span)
    if call.func == "quantile_over_time" and present.any():
        warn_of_quantiles(evaluation.context.notes, scalars[0], call.args[0].span)
    drop_name = samples.drop_name if call.func in _KEEPS_NAME else flags(len(samples), value=True)
    return Vector(samples.labels, values, present, drop_name)


def _check_extension(function: str, matrix: Expr) -> None:
    matrix = strip_parens(matrix)
    extension = matrix.selector.extension if isinstance(matrix, MatrixSelector) else ""
    allowed = {"anchored": ANCHORED_FUNCTIONS, "smoothed": SMOOTHED_FUNCTIONS}.get(extension)
    if allowed is not None and function not in allowed:
        names = ", ".join(sorted(allowed))
        raise ExecutionError(f"{extension} modifier can only be used with: {names} - not with {function}")


CALLS = dict.fromkeys(RANGE_FUNCTIONS, _call)
