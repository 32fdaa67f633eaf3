"""The ``Querier`` over a store's contents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vedette_server.storage.contents import Contents
from vedette_server.storage.index.columns import FactoredColumns
from vedette_server.storage.index.identity import Index
from vedette_server.storage.interface import LabelColumns, Matcher, SelectHints, SeriesSet
from vedette_server.storage.read import kernels
from vedette_server.storage.read.assemble import assemble
from vedette_server.storage.read.selections import Selections

_BOUND = 2**62
_NO_HINTS = SelectHints()


class StoreQuerier:
    """Reads what the store holds at the moment of each call, from any thread."""

    def __init__(self, index: Index, contents: Callable[[], Contents]) -> None:
        self._index = index
        self._contents = contents
        self._selections = Selections(index)

    def select(self, matchers: Sequence[Matcher], start: int, end: int, hints: SelectHints = _NO_HINTS) -> SeriesSet:
        sources = self._contents().joined_sources(self._index)
        selection = self._selections.of(matchers)
        start, end = max(start, -_BOUND), min(end, _BOUND)
        return assemble(self._index, sources, selection, start, end, limit=hints.limit)

    def label_names(self, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        return list(self.series(matchers, start, end).names())

    def label_values(self, name: str, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        codes, values = self.series(matchers, start, end).column(name)
        return sorted(value for code in np.unique(codes).tolist() if (value := values[code]))

    def series(self, matchers: Sequence[Matcher], start: int, end: int) -> LabelColumns:
        sources = self._contents().joined_sources(self._index)
        selection = self._selections.of(matchers)
        found = [
            source.directory.pick(selection, start, end).pairs(source.directory)
            for source in sources
            if source.min_time <= end and source.max_time >= start
        ]
        if not found:
            return FactoredColumns(self._index, np.zeros(0, np.int32), np.zeros(0, np.int32))
        targets, signatures = (np.concatenate(column) for column in zip(*found, strict=True))
        _, first = kernels.number(self._index.targets.sums()[targets] + self._index.signatures.sums()[signatures])
        return FactoredColumns(self._index, targets[first], signatures[first])
