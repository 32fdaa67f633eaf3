"""``absent`` and ``absent_over_time``: a series of ones for the steps at which there is nothing."""

from __future__ import annotations

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.nodes import Call, Expr, MatrixSelector, VectorSelector, strip_parens
from vedette_server.promql.overtime import kernels
from vedette_server.promql.selection.read import bounds
from vedette_server.promql.values import Evaluation, Grid, Mask, Vector, flags
from vedette_server.storage.interface import MatchOp
from vedette_shared.labels import METRIC_NAME, Labels, make_labels


def _absent(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    vector = evaluation.vector(call.args[0], grid)
    return _ones(call.args[0], vector.present)


def _absent_over_time(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    samples, windows = evaluation.samples(call.args[0], grid)
    found = bounds(samples, windows.ends, windows.range)
    _, present = kernels.pick(samples.values, samples.offsets, *found, kernels.PRESENT)
    return _ones(call.args[0], present)


def _ones(arg: Expr, found: Mask) -> Vector:
    labels = columns.constant_labels(_labels(arg))
    present = np.logical_not(found.any(axis=0, keepdims=True))
    return Vector(labels, np.ones(present.shape), present, flags(1, value=False))


def _labels(arg: Expr) -> Labels:
    """The labels that a selector asks for by equality, each of them once."""
    arg = strip_parens(arg)
    selector = arg.selector if isinstance(arg, MatrixSelector) else arg
    if not isinstance(selector, VectorSelector):
        return ()
    found: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.op is MatchOp.EQUAL and matcher.name not in seen:
            found[matcher.name] = matcher.value
        else:
            found.pop(matcher.name, None)
        if matcher.op is MatchOp.EQUAL:
            seen.add(matcher.name)
    return make_labels(found)


CALLS = {"absent": _absent, "absent_over_time": _absent_over_time}
