"""Aggregations over vectors: grouping on label columns, then one compiled pass."""

from __future__ import annotations

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.aggregation import kernels
from vedette_server.promql.columns import Rows
from vedette_server.promql.nodes import Aggregate
from vedette_server.promql.values import Floats, Mask, Times, Vector
from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import METRIC_NAME


def simple_aggregate(node: Aggregate, vector: Vector) -> Vector:
    """Evaluate an aggregation that takes no parameter."""
    groups, first, labels = group(node, vector.labels)
    values, present = _fold(node.op, vector, groups, len(first))
    return Vector(labels, values, present, group_flags(vector.drop_name, groups, len(first)))


def group(node: Aggregate, labels: LabelColumns) -> tuple[Times, Rows, LabelColumns]:
    """Return (the group of each series, one series of each group, the groups' labels)."""
    if node.without:
        names = set(labels.names()).difference(node.grouping, (METRIC_NAME,))
    else:
        names = set(labels.names()).intersection(node.grouping)
    groups, first = columns.group_rows(labels, names)
    return groups, first, columns.keep(labels, names).take(first)


def group_flags(flags: Mask, groups: Times, count: int) -> Mask:
    """Whether any series of a group has the flag."""
    found = np.zeros(count, np.bool_)
    found[groups[flags]] = True
    return found


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
