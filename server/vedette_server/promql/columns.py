"""Label sets column by column, changed lazily: nothing that a query drops is ever built.

Everything here reads and makes ``LabelColumns`` (see ``vedette_server.storage.interface``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import METRIC_NAME, Labels

Codes: TypeAlias = NDArray[np.int32]
Column: TypeAlias = tuple[Codes, Sequence[str]]
Rows: TypeAlias = NDArray[np.intp]

METADATA_LABELS = (METRIC_NAME, "__type__", "__unit__")
"""The labels that say what a series is; an operation that changes what a value means drops them."""

_ABSENT: Sequence[str] = ("",)


class LazyColumns:
    """A ``LabelColumns`` whose columns are made when they are first asked for."""

    __slots__ = ("_cache", "_load", "_names", "_size", "_source")

    def __init__(
        self, size: int, names: Iterable[str], load: Callable[[str], Column], source: LabelColumns | None = None
    ) -> None:
        """``source`` may have the same series with more labels: a whole label set is quicker read there."""
        self._size = size
        self._names = tuple(sorted(names))
        self._load = load
        self._source = source
        self._cache: dict[str, Column] = {}

    def __len__(self) -> int:
        return self._size

    def names(self) -> Sequence[str]:
        return self._names

    def column(self, name: str) -> Column:
        found = self._cache.get(name)
        if found is None:
            found = self._load(name) if name in self._names else (np.zeros(self._size, np.int32), _ABSENT)
            self._cache[name] = found
        return found

    def labels(self, i: int) -> Labels:
        if self._source is not None:
            return tuple(pair for pair in self._source.labels(i) if pair[0] in self._names)
        pairs = []
        for name in self._names:
            codes, values = self.column(name)
            value = values[codes[i]]
            if value:
                pairs.append((name, value))
        return tuple(pairs)

    def take(self, indices: Rows) -> LazyColumns:
        def load(name: str) -> Column:
            codes, values = self.column(name)
            return codes[indices], values

        return LazyColumns(len(indices), self._names, load)


def empty_labels(size: int) -> LabelColumns:
    """``size`` series without a label."""
    return LazyColumns(size, (), _nothing)


def _nothing(name: str) -> Column:
    raise KeyError(name)


def constant_labels(labels: Labels, size: int = 1) -> LabelColumns:
    """``size`` series that all bear ``labels``."""
    values = dict(labels)
    return LazyColumns(size, values, lambda name: (np.zeros(size, np.int32), (values[name],)))


def table(size: int, columns: dict[str, Column]) -> LabelColumns:
    """The label sets that these columns make."""
    return LazyColumns(size, columns, columns.__getitem__)


def keep(labels: LabelColumns, names: Collection[str]) -> LabelColumns:
    """Only the named labels."""
    return LazyColumns(len(labels), set(labels.names()).intersection(names), labels.column, labels)


def drop(labels: LabelColumns, names: Collection[str]) -> LabelColumns:
    """All but the named labels."""
    if not set(names).intersection(labels.names()):
        return labels
    return LazyColumns(len(labels), set(labels.names()).difference(names), labels.column, labels)


def put(labels: LabelColumns, name: str, column: Column) -> LabelColumns:
    """The labels with one column replaced or added."""
    return LazyColumns(len(labels), {*labels.names(), name}, lambda n: column if n == name else labels.column(n))


def drop_where(labels: LabelColumns, names: Iterable[str], where: NDArray[np.bool_]) -> LabelColumns:
    """The labels without the named ones in the rows where ``where`` is set."""
    if where.all():
        return drop(labels, set(names))
    for name in set(names).intersection(labels.names()):
        codes, values = labels.column(name)
        labels = put(labels, name, recode(np.where(where, len(values), codes).astype(np.int32), [*values, ""]))
    return labels


def recode(codes: Codes, values: Sequence[str]) -> Column:
    """Make ``values`` distinct."""
    index: dict[str, int] = {}
    mapping = np.fromiter((index.setdefault(value, len(index)) for value in values), np.int32, len(values))
    return mapping[codes], list(index)


def concatenate(parts: Sequence[LabelColumns]) -> LabelColumns:
    """The series of all ``parts``, one after the other."""
    if len(parts) == 1:
        return parts[0]

    def load(name: str) -> Column:
        columns = [part.column(name) for part in parts]
        first = columns[0][1]
        if all(values is first for _, values in columns):
            return np.concatenate([codes for codes, _ in columns]), first
        return join_columns(columns)

    names = {name for part in parts for name in part.names()}
    return LazyColumns(sum(len(part) for part in parts), names, load)


def join_columns(columns: Sequence[Column]) -> Column:
    """Lay columns end to end over one common set of values."""
    values: list[str] = []
    shifted = []
    for codes, own in columns:
        shifted.append(codes + np.int32(len(values)))
        values.extend(own)
    return recode(np.concatenate(shifted), values)


def group_rows(labels: LabelColumns, names: Iterable[str]) -> tuple[NDArray[np.int64], Rows]:
    """Number the distinct combinations of the named labels.

    Returns:
        (groups, first): the group of each row, int64 of shape (n,), numbered from 0 in order of first appearance is not
        promised; and for each group one row that belongs to it.
    """
    size = len(labels)
    known = set(labels.names())
    columns = [labels.column(name) for name in sorted(set(names) & known)]
    return group_columns(columns, size)


def group_columns(columns: Sequence[Column], size: int) -> tuple[NDArray[np.int64], Rows]:
    """Number the distinct rows of ``columns``; see ``group_rows``."""
    groups = np.zeros(size, np.int64)
    count = min(size, 1)
    for codes, values in columns:
        width = len(values)
        if width <= 1:
            continue
        groups, count = _number(groups * width + codes, count * width)
    first = np.zeros(count, np.intp)
    first[groups[::-1]] = np.arange(size - 1, -1, -1, dtype=np.intp)
    return groups, first


def _number(keys: NDArray[np.int64], bound: int) -> tuple[NDArray[np.int64], int]:
    """Renumber ``keys``, which lie in ``[0, bound)``, without gaps."""
    if bound <= 4 * len(keys) + 1024:
        seen = np.zeros(bound, np.bool_)
        seen[keys] = True
        numbers = np.cumsum(seen) - 1
        return numbers[keys], int(numbers[-1]) + 1 if bound else 0
    distinct, inverse = np.unique(keys, return_inverse=True)
    return inverse.astype(np.int64), len(distinct)


def sort_order(labels: LabelColumns) -> Rows:
    """The rows in the order of their label sets: pair by pair, as sorted (name, value) pairs compare."""
    size = len(labels)
    if size < 2:
        return np.arange(size)
    has_later = np.zeros(size, np.bool_)
    keys = []
    for name in reversed(labels.names()):
        codes, values = labels.column(name)
        ranks = np.empty(len(values), np.int64)
        ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
        absent = np.array([not value for value in values], np.bool_)[codes]
        key = np.where(absent, np.where(has_later, len(values), -1), ranks[codes])
        keys.append(key)
        has_later |= ~absent
    return np.lexsort(keys) if keys else np.arange(size)


def from_label_sets(label_sets: Sequence[Labels]) -> LabelColumns:
    """Whole label sets as columns."""
    dictionaries = [dict(labels) for labels in label_sets]
    names = {name for labels in dictionaries for name in labels}

    def load(name: str) -> Column:
        index: dict[str, int] = {}
        codes = [index.setdefault(labels.get(name, ""), len(index)) for labels in dictionaries]
        return np.array(codes, np.int32), list(index)

    return LazyColumns(len(label_sets), names, load)
