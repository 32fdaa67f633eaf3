"""``count_values``: a series for each distinct value of each group."""

from __future__ import annotations

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.aggregation.grouping import group_names
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.nodes import Aggregate
from vedette_server.promql.numbers import format_fixed, is_utf8, quote_bytes
from vedette_server.promql.values import Evaluation, Grid, Vector, flags


def count_values(evaluation: Evaluation, node: Aggregate, grid: Grid) -> Vector:
    """Evaluate the aggregation; the value stands in the label that the parameter names.

    Raises:
        ExecutionError: the parameter is no label name.
    """
    assert node.param is not None
    label = evaluation.text(node.param)
    if not label or not is_utf8(label):
        raise ExecutionError(f"invalid label name {quote_bytes(label)}")
    vector = evaluation.vector(node.expr, grid)
    names = group_names(node, vector.labels) - {label}
    groups, first = columns.group_rows(vector.labels, names)
    rows, steps = np.nonzero(vector.present)
    values = vector.values[rows, steps]
    values[np.isnan(values)] = np.nan
    distinct, codes = np.unique(values.view(np.int64), return_inverse=True)
    pairs, member = np.unique(groups[rows] * max(len(distinct), 1) + codes, return_inverse=True)
    evaluation.context.check_points(len(pairs), grid.count)
    cells = np.bincount(member * grid.count + steps, minlength=len(pairs) * grid.count)
    counts = cells.reshape(len(pairs), grid.count).astype(np.float64)
    labels = columns.keep(vector.labels, names).take(first[pairs // max(len(distinct), 1)])
    if not (node.without and label in node.grouping):
        texts = [format_fixed(float(value)) for value in distinct.view(np.float64)]
        labels = columns.put(labels, label, ((pairs % max(len(distinct), 1)).astype(np.int32), texts))
    result = Vector(labels, counts, counts > 0, flags(len(pairs), value=False))
    return result if not (node.without and label in node.grouping) else _summed(result)


def _summed(vector: Vector) -> Vector:
    """Add up the series that bear the same labels."""
    groups, first = columns.group_rows(vector.labels, vector.labels.names())
    counts = np.zeros((len(first), vector.values.shape[1]))
    np.add.at(counts, groups, vector.values)
    return Vector(vector.labels.take(first), counts, counts > 0, flags(len(first), value=False))
