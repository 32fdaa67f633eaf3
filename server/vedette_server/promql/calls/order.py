"""``sort`` and its like: they matter to instant queries; a range query's result is in the order of its labels."""

from __future__ import annotations

import functools
import re

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.columns import Rows
from vedette_server.promql.nodes import Call
from vedette_server.promql.values import Evaluation, Grid, Vector

_CHUNK = re.compile(r"[0-9]+|[^0-9]+")


def _sort(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    vector = evaluation.vector(call.args[0], grid)
    if grid.count != 1 or not len(vector):
        return vector
    values = vector.values[:, 0]
    sign = -1 if call.func == "sort_desc" else 1
    return reorder(vector, np.lexsort((sign * np.where(np.isnan(values), 0.0, values), np.isnan(values))))


def _sort_by_label(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    vector = evaluation.vector(call.args[0], grid)
    if grid.count != 1 or not len(vector):
        return vector
    whole = np.empty(len(vector), np.int64)
    whole[columns.sort_order(vector.labels)] = np.arange(len(vector))
    keys = [whole]
    for arg in reversed(call.args[1:]):
        codes, values = vector.labels.column(evaluation.text(arg))
        ranks = np.empty(len(values), np.int64)
        ranks[sorted(range(len(values)), key=lambda code: _natural(values[code]))] = np.arange(len(values))
        keys.append(ranks[codes])
    order = np.lexsort(keys)
    return reorder(vector, order[::-1] if call.func == "sort_by_label_desc" else order)


def reorder(vector: Vector, order: Rows) -> Vector:
    """The series in another order, which the result is to keep."""
    return Vector(
        vector.labels.take(order), vector.values[order], vector.present[order], vector.drop_name[order], ordered=True
    )


@functools.total_ordering
class _Natural:
    """A text that compares as people count: runs of digits by their number."""

    __slots__ = ("_chunks",)

    def __init__(self, text: str) -> None:
        self._chunks = _CHUNK.findall(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Natural) and self._chunks == other._chunks

    def __hash__(self) -> int:
        return hash(tuple(self._chunks))

    def __lt__(self, other: _Natural) -> bool:
        for mine, theirs in zip(self._chunks, other._chunks, strict=False):
            if mine.isdigit() and theirs.isdigit() and int(mine) != int(theirs):
                return int(mine) < int(theirs)
            if mine != theirs and not (mine.isdigit() and theirs.isdigit()):
                return bool(mine < theirs)
        return len(self._chunks) < len(other._chunks)


def _natural(text: str) -> _Natural:
    return _Natural(text)


CALLS = {
    "sort": _sort,
    "sort_desc": _sort,
    "sort_by_label": _sort_by_label,
    "sort_by_label_desc": _sort_by_label,
}
