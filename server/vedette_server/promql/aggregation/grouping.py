"""Groups of series by some of their labels."""

from __future__ import annotations

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.columns import Rows
from vedette_server.promql.nodes import Aggregate
from vedette_server.promql.values import Mask, Times, Vector
from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import METRIC_NAME


def group_names(node: Aggregate, labels: LabelColumns) -> set[str]:
    """The labels that tell the groups apart."""
    if node.without:
        return set(labels.names()).difference(node.grouping, (METRIC_NAME,))
    return set(labels.names()).intersection(node.grouping)


def group(node: Aggregate, labels: LabelColumns) -> tuple[Times, Rows, LabelColumns]:
    """Return (the group of each series, one series of each group, the groups' labels)."""
    names = group_names(node, labels)
    groups, first = columns.group_rows(labels, names)
    return groups, first, columns.keep(labels, names).take(first)


def group_flags(vector: Vector, groups: Times, count: int) -> Mask:
    """Whether any series of a group loses its name."""
    found = np.zeros(count, np.bool_)
    flagged = vector.drop_name
    if flagged.any():
        flagged = flagged & vector.present.any(axis=1)
        found[groups[flagged]] = True
    return found
