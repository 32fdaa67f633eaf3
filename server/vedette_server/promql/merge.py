"""Series that came to bear the same labels: merged where they never meet, refused where they do."""

from __future__ import annotations

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.aggregation.kernels import count_groups
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.values import Mask, Vector
from vedette_server.promql.values import flags as no_flags

SAME_LABELS = "vector cannot contain metrics with the same labelset"


def merge_duplicates(vector: Vector, message: str = SAME_LABELS) -> Vector:
    """Return the vector with one series for each label set.

    Raises:
        ExecutionError: two series of one label set are present at the same step; bears ``message``.
    """
    groups, first = columns.group_rows(vector.labels, vector.labels.names())
    if len(first) == len(vector):
        return vector
    if count_groups(vector.present, groups, len(first)).max(initial=0) > 1:
        raise ExecutionError(message)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    target, first = rank[groups], first[order]
    values = vector.values[first]
    present = vector.present[first]
    extra = np.flatnonzero((first[target] != np.arange(len(vector))) & vector.present.any(axis=1))
    rows, steps = np.nonzero(vector.present[extra])
    values[target[extra[rows]], steps] = vector.values[extra[rows], steps]
    present[target[extra[rows]], steps] = True
    return Vector(vector.labels.take(first), values, present, vector.drop_name[first])


def drop_names(vector: Vector) -> Vector:
    """Take the names away from the series that are flagged for it, and merge what became the same.

    Raises:
        ExecutionError: two such series are present at the same step.
    """
    flags = vector.drop_name
    if not flags.any():
        return vector
    may_collide = _names_vary(vector, flags)
    labels = columns.drop_where(vector.labels, columns.METADATA_LABELS, flags)
    dropped = Vector(labels, vector.values, vector.present, no_flags(len(vector), value=False), vector.ordered)
    return merge_duplicates(dropped) if may_collide else dropped


def _names_vary(vector: Vector, flags: Mask) -> bool:
    if not flags.all():
        return True
    for name in set(columns.METADATA_LABELS).intersection(vector.labels.names()):
        codes, _ = vector.labels.column(name)
        if codes.min() != codes.max():
            return True
    return False
