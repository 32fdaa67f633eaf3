"""The label sets of series as pairs of numbers: column by column, built only where asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.table import LabelTable
from vedette_shared.labels import Labels

_ABSENT: Sequence[str] = ("",)
_FEW = 32
"""Up to so many label sets are looked at one by one."""


class FactoredColumns:
    """The ``LabelColumns`` of series given by target and signature."""

    __slots__ = ("_cache", "_index", "_names", "signatures", "targets")

    def __init__(self, index: Index, targets: NDArray[np.int32], signatures: NDArray[np.int32]) -> None:
        """``targets`` and ``signatures`` are numbers of the index, both of shape (n,)."""
        self._index = index
        self.targets = targets
        self.signatures = signatures
        self._names: tuple[str, ...] | None = None
        self._cache: dict[str, tuple[NDArray[np.int32], Sequence[str]]] = {}

    def __len__(self) -> int:
        return len(self.targets)

    def names(self) -> Sequence[str]:
        if self._names is None:
            present = _names(self._index.targets, self.targets) | _names(self._index.signatures, self.signatures)
            self._names = tuple(sorted(present))
        return self._names

    def column(self, name: str) -> tuple[NDArray[np.int32], Sequence[str]]:
        found = self._cache.get(name)
        if found is None:
            found = self._cache[name] = self._load(name)
        return found

    def labels(self, i: int) -> Labels:
        target = self._index.targets.labels(int(self.targets[i]))
        signature = self._index.signatures.labels(int(self.signatures[i]))
        return tuple(sorted(target + signature))

    def take(self, indices: NDArray[np.intp]) -> FactoredColumns:
        return FactoredColumns(self._index, self.targets[indices], self.signatures[indices])

    def _load(self, name: str) -> tuple[NDArray[np.int32], Sequence[str]]:
        of_targets = _column(self._index.targets, name, self.targets)
        of_signatures = _column(self._index.signatures, name, self.signatures)
        if of_targets is None and of_signatures is None:
            return np.zeros(len(self), np.int32), _ABSENT
        if of_targets is None or of_signatures is None:
            return of_targets or of_signatures or (np.zeros(0, np.int32), _ABSENT)
        number = {value: code for code, value in enumerate(of_targets[1])}
        mapping = np.array([number.setdefault(value, len(number)) for value in of_signatures[1]], np.int32)
        codes = np.where(of_targets[0] != 0, of_targets[0], mapping[of_signatures[0]])
        return codes.astype(np.int32), list(number)


def _column(table: LabelTable, name: str, entries: NDArray[np.int32]) -> tuple[NDArray[np.int32], Sequence[str]] | None:
    """The codes of ``entries`` in the label's column, if any of them has it."""
    column = table.column(name)
    if column is None:
        return None
    codes = column.dense(len(table))[entries]
    if not codes.any():
        return None
    # The list only grows, and at its end: what stands under a code stays.
    return codes, column.values


def _names(table: LabelTable, entries: NDArray[np.int32]) -> set[str]:
    if len(entries) <= _FEW:
        return {name for entry in set(entries.tolist()) for name in table.names_of(entry)}
    # Read once: sets are added by the trio thread meanwhile.
    count = len(table)
    present = np.zeros(count, np.bool_)
    present[entries] = True
    names = set()
    for column in table.columns():
        having, _ = column.pairs(count)
        if present[having].any():
            names.add(column.name)
    return names
