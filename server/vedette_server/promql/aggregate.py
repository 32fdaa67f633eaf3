"""Aggregations over vectors: grouping on label columns, then one compiled pass."""

from __future__ import annotations

import numpy as np

from vedette_server.promql.aggregation import kernels
from vedette_server.promql.aggregation.chosen import choose
from vedette_server.promql.aggregation.counted import count_values
from vedette_server.promql.aggregation.grouping import group, group_flags
from vedette_server.promql.nodes import Aggregate
from vedette_server.promql.values import Evaluation, Floats, Grid, Mask, Times, Vector
from vedette_server.promql.warnings import warn_of_quantiles

_CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


def aggregate(evaluation: Evaluation, node: Aggregate, grid: Grid) -> Vector:
    """Evaluate an aggregation at every step of ``grid``."""
    if node.op == "count_values":
        return count_values(evaluation, node, grid)
    parameter = evaluation.scalar(node.param, grid) if node.param is not None else None
    vector = evaluation.vector(node.expr, grid)
    if node.op in _CHOOSING:
        assert parameter is not None
        return choose(evaluation.context.notes, node, vector, parameter)
    groups, first, labels = group(node, vector.labels)
    if node.op == "quantile":
        assert parameter is not None
        assert node.param is not None
        warn_of_quantiles(evaluation.context.notes, parameter, node.param.span)
        values, present = kernels.quantile_groups(vector.values, vector.present, groups, len(first), parameter)
    else:
        values, present = _fold(node.op, vector, groups, len(first))
    return Vector(labels, values, present, group_flags(vector, groups, len(first)))


def _fold(op: str, vector: Vector, groups: Times, count: int) -> tuple[Floats, Mask]:
    values, present = vector.values, vector.present
    if op == "sum":
        return kernels.sum_groups(values, present, groups, count)
    if op == "avg":
        return kernels.mean_groups(values, present, groups, count)
    if op in ("max", "min"):
        return kernels.extreme_groups(values, present, groups, count, op == "max")
    if op in ("stddev", "stdvar"):
        variance, found = kernels.variance_groups(values, present, groups, count)
        return (np.sqrt(variance) if op == "stddev" else variance), found
    counts = kernels.count_groups(present, groups, count)
    found = counts > 0
    return (counts if op == "count" else found.astype(np.float64)), found
