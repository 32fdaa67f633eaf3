"""Binary operators over scalars and vectors, all series and steps at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql import columns
from vedette_server.promql.context import Context, Notes
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.matching import (
    Pairs,
    check_explicit,
    check_one_side,
    count_pairs,
    match_groups,
    pair_up,
    present_groups,
)
from vedette_server.promql.merge import merge_duplicates
from vedette_server.promql.nodes import COMPARISONS, Binary, Cardinality, Matching
from vedette_server.promql.values import Floats, Mask, Scalar, Vector, flags
from vedette_server.storage.interface import LabelColumns

_TRIMS = ("</", ">/")
_OPERATORS: dict[str, Callable[[Any, Any], NDArray[Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def operate(context: Context, node: Binary, left: Vector | Scalar, right: Vector | Scalar) -> Vector | Scalar:
    """Evaluate ``node`` over the values of its sides."""
    if node.op in _TRIMS:
        return _trim(context.notes, node, left, right)
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return Scalar(_OPERATORS[node.op](left.values, right.values).astype(np.float64))
    if isinstance(left, Vector) and isinstance(right, Vector):
        assert node.matching is not None
        if node.op in _SETS:
            return _SETS[node.op](left, right, node.matching)
        return _match(context, node, node.matching, left, right)
    if isinstance(left, Vector):
        return _with_scalar(node, left, left.values, right.values)
    assert isinstance(right, Vector)
    return _with_scalar(node, right, left.values, right.values)


def _trim(notes: Notes, node: Binary, left: Vector | Scalar, right: Vector | Scalar) -> Vector:
    """The operators that trim native histograms do not work on floats: nothing is left, and an info says why."""
    vector = left if isinstance(left, Vector) else right
    if not isinstance(vector, Vector):
        raise ExecutionError(f'operator "{node.op}" not allowed for Scalar operations')
    if vector.present.any():
        reason = f'incompatible sample types encountered for binary operator "{node.op}"'
        notes.inform(f"{reason}: float {node.op} float", node.span)
    return Vector(vector.labels, vector.values, np.zeros_like(vector.present), vector.drop_name)


def _with_scalar(node: Binary, vector: Vector, left: Floats, right: Floats) -> Vector:
    values, kept = _apply(node, left, right, vector.values)
    present = vector.present if kept is None else vector.present & kept
    changes = node.op not in COMPARISONS or node.return_bool
    drop_name = flags(len(vector), value=True) if changes else vector.drop_name
    return Vector(vector.labels, values, present, drop_name)


def _apply(node: Binary, left: Floats, right: Floats, source: Floats) -> tuple[Floats, Mask | None]:
    """Return the values and, for a comparison that filters, which of them stay; those are of ``source``."""
    result = _OPERATORS[node.op](left, right)
    if node.op not in COMPARISONS:
        return result, None
    if node.return_bool:
        return result.astype(np.float64), None
    return source, result


def _match(context: Context, node: Binary, matching: Matching, left: Vector, right: Vector) -> Vector:
    groups = match_groups(left.labels, right.labels, matching)
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    many_groups, one_groups = (groups.right, groups.left) if swapped else (groups.left, groups.right)
    check_one_side(one, many, one_groups, groups.count, matching)
    context.check_points(count_pairs(many_groups, one_groups, groups.count), many.values.shape[1])
    pairs = pair_up(many_groups, one_groups, groups.count)
    many_rows, one_rows = _rows(many, pairs.many), _rows(one, pairs.one)
    present = many_rows.present & one_rows.present
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        check_explicit(present, pairs.groups, groups.count)
    parts = [_compute(node, matching, many_rows, one_rows, present, swapped=swapped)]
    # As in Prometheus, the left fill is for the side that may have many series, even where that is the right one.
    fill_many, fill_one = matching.fill_left, matching.fill_right
    if fill_one is not None:
        missing = ~present_groups(one, one_groups, groups.count)[many_groups]
        filled = _filled(many, fill_one, matching, keep_labels=False)
        parts.append(_compute(node, matching, many, filled, many.present & missing, swapped=swapped))
    if fill_many is not None:
        missing = ~present_groups(many, many_groups, groups.count)[one_groups]
        filled = _filled(one, fill_many, matching, keep_labels=True)
        parts.append(_compute(node, matching, filled, one, one.present & missing, swapped=swapped))
    result = join(parts)
    if len(parts) > 1 or _may_collide(node, matching, pairs, many):
        message = "multiple matches for labels: grouping labels must ensure unique matches"
        return merge_duplicates(result, message)
    return result


def _rows(vector: Vector, rows: columns.Rows) -> Vector:
    if len(rows) == len(vector) and np.array_equal(rows, np.arange(len(rows))):
        return vector
    return Vector(vector.labels.take(rows), vector.values[rows], vector.present[rows], vector.drop_name[rows])


def _filled(source: Vector, value: float, matching: Matching, *, keep_labels: bool) -> Vector:
    """A stand-in for a missing side: the labels that the match is on, and the value to fill with."""
    labels: LabelColumns = columns.empty_labels(len(source))
    if keep_labels:
        names = matching.labels
        labels = source.labels
        labels = (
            columns.keep(labels, names) if matching.on else columns.drop(labels, {*names, *columns.METADATA_LABELS[:1]})
        )
    return Vector(labels, np.full(source.values.shape, value), source.present, flags(len(source), value=False))


def _compute(node: Binary, matching: Matching, many: Vector, one: Vector, present: Mask, *, swapped: bool) -> Vector:
    left, right = (one, many) if swapped else (many, one)
    values, kept = _apply(node, left.values, right.values, left.values)
    if kept is not None:
        present = present & kept
    labels = _result_labels(matching, many.labels, one.labels, drop_metadata=node.op not in COMPARISONS)
    return Vector(labels, values, present, flags(len(many), value=node.return_bool))


def _result_labels(matching: Matching, many: LabelColumns, one: LabelColumns, *, drop_metadata: bool) -> LabelColumns:
    labels = many
    if drop_metadata:
        labels = columns.drop(labels, columns.METADATA_LABELS)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        labels = columns.keep(labels, matching.labels) if matching.on else columns.drop(labels, matching.labels)
    for name in matching.include:
        labels = columns.put(labels, name, one.column(name))
    return labels


def _may_collide(node: Binary, matching: Matching, pairs: Pairs, many: Vector) -> bool:
    """Whether two rows of a result may bear the same labels."""
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        return bool(len(pairs.groups)) and bool(np.bincount(pairs.groups).max() > 1)
    if matching.include or len(np.unique(pairs.many)) < len(pairs.many):
        return True
    codes, _ = many.labels.column(columns.METADATA_LABELS[0])
    return node.op not in COMPARISONS and len(codes) > 0 and bool(codes.min() != codes.max())


def join(parts: list[Vector]) -> Vector:
    """The series of all ``parts``."""
    if len(parts) == 1:
        return parts[0]
    return Vector(
        columns.concatenate([part.labels for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.drop_name for part in parts]),
    )


def _and(left: Vector, right: Vector, matching: Matching) -> Vector:
    return _filter(left, right, matching, lambda found: found)


def _unless(left: Vector, right: Vector, matching: Matching) -> Vector:
    return _filter(left, right, matching, np.logical_not)


def _filter(left: Vector, right: Vector, matching: Matching, keep: Callable[[Mask], Mask]) -> Vector:
    groups = match_groups(left.labels, right.labels, matching)
    found = present_groups(right, groups.right, groups.count)
    return Vector(left.labels, left.values, left.present & keep(found[groups.left]), left.drop_name)


def _or(left: Vector, right: Vector, matching: Matching) -> Vector:
    groups = match_groups(left.labels, right.labels, matching)
    found = present_groups(left, groups.left, groups.count)
    extra = Vector(right.labels, right.values, right.present & ~found[groups.right], right.drop_name)
    return merge_duplicates(join([left, extra]))


_SETS: dict[str, Callable[[Vector, Vector, Matching], Vector]] = {"and": _and, "or": _or, "unless": _unless}
