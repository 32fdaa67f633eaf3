"""``vedette storage export``: samples as OpenMetrics text, metric by metric, with bounded memory.

Blocks hold column after column too, so that each piece is decoded about once. A stale marker is written ``nAn``:
OpenMetrics takes NaN in any case, so every reader sees a value that is none, and ``import`` sees the marker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vedette_server.main.storage_command.frozen import FrozenStore
from vedette_server.storage.errors import TooManySamplesError
from vedette_server.storage.index.columns import FactoredColumns
from vedette_server.storage.index.selection import Selection, select
from vedette_server.storage.index.table import LabelTable
from vedette_server.storage.interface import Matcher, MatchOp, SeriesSet
from vedette_server.storage.read.assemble import assemble
from vedette_shared.exposition import END, format_seconds, format_value
from vedette_shared.exposition.series import format_name_and_labels
from vedette_shared.frames import STALE_BITS
from vedette_shared.labels import METRIC_NAME, is_legacy_metric_name, quote
from vedette_shared.metrics import MetricType

STALE = "nAn"
SAMPLES_AT_ONCE = 2_000_000
_SERIES_AT_ONCE = 4096
_LINES_AT_ONCE = 8192
_SHOWN_TYPES = {MetricType.GAUGE: "", MetricType.COUNTER: "_total"}


class Exporter:
    """Writes the series of a store that any of ``selectors`` takes, with ``start <= t <= end`` (ms).

    Attributes:
        series: How many were written.
        samples: How many were written.
        nameless: Series that were left out, as text needs a metric name.
    """

    def __init__(
        self,
        store: FrozenStore,
        selectors: Sequence[Sequence[Matcher]],
        start: int,
        end: int,
        samples_at_once: int = SAMPLES_AT_ONCE,
    ) -> None:
        self.series = 0
        self.samples = 0
        self.nameless = 0
        self._index = store.index
        self._selectors = selectors or [()]
        self._start, self._end = start, end
        self._limit = samples_at_once
        self._metadata = store.index.layouts.metadata()
        self._sources = [
            source
            for source in store.contents.sources(store.index)
            if source.min_time <= end and source.max_time >= start
        ]

    def text(self) -> Iterator[str]:
        """Yield the page, in parts of whole lines."""
        names = self._names()
        for name in names:
            if not name:
                self.nameless = self._units("")[1]
                continue
            yield self._head(name, names)
            yield from self._family(name)
        yield f"{END}\n"

    def _names(self) -> list[str]:
        """The names of all metrics that are chosen, sorted; empty for series without one."""
        codes = np.zeros(0, np.int32)
        column = self._index.signatures.column(METRIC_NAME)
        for _, signatures in self._picked(()):
            dense = np.zeros(1, np.int32) if column is None else column.dense(len(self._index.signatures))
            codes = np.union1d(codes, dense[np.unique(signatures) if column is not None else [0]])
        return sorted("" if column is None else column.values[code] for code in codes.tolist())

    def _picked(self, more: Sequence[Matcher]) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """The target and the signature of each series of each source that is chosen and satisfies ``more`` too."""
        for selector in self._selectors:
            selection = select(self._index, [*selector, *more])
            for source in self._sources:
                picked = source.directory.pick(selection, self._start, self._end)
                if len(picked.slots):
                    yield picked.pairs(source.directory)

    def _units(self, name: str) -> tuple[dict[int, list[tuple[int, int]]], int]:
        """The series of a metric by the hash of their labels, each with its pairs of target and signature; their count.

        A series has several pairs where its labels were parted in several ways in the course of time.
        """
        keys: NDArray[np.int64] = np.zeros(0, np.int64)
        for targets, signatures in self._picked([Matcher(METRIC_NAME, MatchOp.EQUAL, name)]):
            keys = np.union1d(keys, signatures.astype(np.int64) << 32 | targets)
        of_signatures, of_targets = keys >> 32, keys & 0xFFFFFFFF
        order = np.lexsort((_ranks(self._index.targets, of_targets), _ranks(self._index.signatures, of_signatures)))
        of_signatures, of_targets = of_signatures[order], of_targets[order]
        hashes = self._index.targets.sums()[of_targets] + self._index.signatures.sums()[of_signatures]
        units: dict[int, list[tuple[int, int]]] = {}
        for key, target, signature in zip(hashes.tolist(), of_targets.tolist(), of_signatures.tolist(), strict=True):
            units.setdefault(key, []).append((target, signature))
        return units, len(units)

    def _family(self, name: str) -> Iterator[str]:
        units, count = self._units(name)
        hashes = list(units)
        low, size = 0, _SERIES_AT_ONCE
        while low < count:
            wanted = hashes[low : low + size]
            try:
                found = self._load([pair for key in wanted for pair in units[key]], alone=len(wanted) == 1)
            except TooManySamplesError:
                size = max(1, len(wanted) // 2)
                continue
            yield from self._series(name, found, wanted)
            low += len(wanted)
            size = min(2 * size, _SERIES_AT_ONCE)

    def _load(self, pairs: list[tuple[int, int]], *, alone: bool) -> SeriesSet:
        """Load the series of all these targets with all these signatures, which may be some more than the pairs."""
        index = self._index
        targets, signatures = np.zeros(len(index.targets), np.bool_), np.zeros(len(index.signatures), np.bool_)
        targets[[target for target, _ in pairs]] = True
        signatures[[signature for _, signature in pairs]] = True
        either = np.zeros((0, len(targets)), np.bool_), np.zeros((0, len(signatures)), np.bool_)
        selection = Selection(targets, signatures, *either)
        return assemble(index, self._sources, selection, self._start, self._end, limit=0 if alone else self._limit)

    def _series(self, name: str, found: SeriesSet, wanted: list[int]) -> Iterator[str]:
        labels = found.labels
        assert isinstance(labels, FactoredColumns)
        hashes = self._index.targets.sums()[labels.targets] + self._index.signatures.sums()[labels.signatures]
        places = {key: place for place, key in enumerate(hashes.tolist())}
        for key in wanted:
            place = places.get(key)
            if place is None:
                continue
            low, high = int(found.offsets[place]), int(found.offsets[place + 1])
            clock = int(found.clocks[place])
            pairs = tuple(pair for pair in labels.labels(place) if pair[0] != METRIC_NAME)
            self.series += 1
            self.samples += high - low
            yield from _lines(
                format_name_and_labels(name, pairs),
                found.timestamps[clock : clock + high - low],
                found.values[low:high],
            )

    def _head(self, name: str, names: Sequence[str]) -> str:
        """What is said of a metric, where its type is a plain one."""
        family = self._metadata.get(name)
        ending = None if family is None else _SHOWN_TYPES.get(MetricType(family.type))
        short = name.removesuffix(ending or "")
        if family is None or ending is None or not name.endswith(ending) or (ending and short in names):
            return ""
        shown = short if is_legacy_metric_name(short) else quote(short)
        text = f"# HELP {shown} {quote(family.help)[1:-1]}\n" if family.help else ""
        return f"# TYPE {shown} {MetricType(family.type).value}\n{text}"


def _lines(series: str, timestamps: NDArray[np.int64], values: NDArray[np.float64]) -> Iterator[str]:
    for low in range(0, len(values), _LINES_AT_ONCE):
        part = values[low : low + _LINES_AT_ONCE]
        texts = list(map(format_value, part.tolist()))
        bits = part.view(np.uint64)
        for place in np.flatnonzero(bits == STALE_BITS).tolist():
            texts[place] = STALE
        for place in np.flatnonzero((part == 0) & np.signbit(part)).tolist():
            texts[place] = "-0"
        times = map(format_seconds, timestamps[low : low + _LINES_AT_ONCE].tolist())
        yield "".join([f"{series} {value} {time}\n" for value, time in zip(texts, times, strict=True)])


def _ranks(table: LabelTable, numbers: NDArray[np.int64]) -> NDArray[np.intp]:
    """The place of each number's label set in the order of all of them."""
    unique, places = np.unique(numbers, return_inverse=True)
    sets = [table.labels(number) for number in unique.tolist()]
    ranks = np.empty(len(unique), np.intp)
    ranks[sorted(range(len(sets)), key=sets.__getitem__)] = np.arange(len(sets))
    return ranks[places]
