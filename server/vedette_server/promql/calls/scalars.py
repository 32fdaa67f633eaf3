"""Functions that make scalars, or vectors of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.nodes import Call, VectorSelector, strip_parens
from vedette_server.promql.selection.read import sample_times
from vedette_server.promql.values import Evaluation, Grid, Scalar, Value, Vector, flags


def _time(_: Evaluation, __: Call, grid: Grid) -> Scalar:
    return Scalar(grid.times() / 1000)


def _bound(evaluation: Evaluation, call: Call, grid: Grid) -> Scalar:
    query = evaluation.context.query
    values = {
        "pi": math.pi,
        "start": query.start / 1000,
        "end": query.end / 1000,
        "step": query.step / 1000,
        "range": (query.end - query.start) / 1000,
    }
    return Scalar(np.full(grid.count, values[call.func]))


def _vector(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    values = evaluation.scalar(call.args[0], grid)[np.newaxis, :].copy()
    return Vector(columns.empty_labels(1), values, np.ones(values.shape, np.bool_), flags(1, value=False))


def _scalar(evaluation: Evaluation, call: Call, grid: Grid) -> Scalar:
    """The value of the only series of a step, else NaN."""
    vector = evaluation.vector(call.args[0], grid)
    values = np.where(vector.present, vector.values, 0.0).sum(axis=0)
    return Scalar(np.where(vector.present.sum(axis=0) == 1, values, np.nan))


def _of_two(evaluation: Evaluation, call: Call, grid: Grid) -> Scalar:
    pick = np.minimum if call.func == "min_of" else np.maximum
    return Scalar(pick(evaluation.scalar(call.args[0], grid), evaluation.scalar(call.args[1], grid)))


def _timestamp(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    """When the sample was taken; for anything but a plain selector, the time of the step."""
    arg = strip_parens(call.args[0])
    if isinstance(arg, VectorSelector):
        found = sample_times(evaluation.context, arg, grid)
    else:
        found = evaluation.vector(arg, grid)
        times = np.broadcast_to(grid.times() / 1000, found.values.shape).copy()
        found = Vector(found.labels, times, found.present, found.drop_name)
    return Vector(found.labels, found.values, found.present, flags(len(found), value=True))


def _start_timestamp(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    """When a sample's counter started; Vedette stores no start timestamps, so none is known."""
    vector = evaluation.vector(call.args[0], grid)
    return Vector(vector.labels, vector.values, np.zeros_like(vector.present), flags(len(vector), value=True))


CALLS: dict[str, Callable[[Evaluation, Call, Grid], Value]] = {
    "time": _time,
    **dict.fromkeys(("pi", "start", "end", "step", "range"), _bound),
    **dict.fromkeys(("min_of", "max_of"), _of_two),
    "vector": _vector,
    "scalar": _scalar,
    "timestamp": _timestamp,
    "start_timestamp": _start_timestamp,
}
