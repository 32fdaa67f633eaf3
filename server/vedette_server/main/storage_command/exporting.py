"""``vedette storage export``: samples as OpenMetrics text, family by family, with bounded memory.

Blocks hold column after column too, so that each piece is decoded about once. A stale marker is written ``nAn``:
OpenMetrics takes NaN in any case, so every reader sees a value that is none, and ``import`` sees the marker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from vedette_server.main.storage_command.export_order import ExportFamily, SeriesOrder, arrange, order_series
from vedette_server.main.storage_command.frozen import FrozenStore
from vedette_server.storage.errors import TooManySamplesError
from vedette_server.storage.index.columns import FactoredColumns
from vedette_server.storage.index.selection import Selection, select
from vedette_server.storage.interface import Matcher, MatchOp, SeriesSet
from vedette_server.storage.read.assemble import assemble
from vedette_shared.exposition import END, format_seconds, format_value
from vedette_shared.exposition.series import format_name_and_labels
from vedette_shared.frames import STALE_BITS
from vedette_shared.labels import METRIC_NAME

STALE = "nAn"
SAMPLES_AT_ONCE = 2_000_000
_METRICS_AT_ONCE = 4096
_LINES_AT_ONCE = 8192

Ints = NDArray[np.int64]


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
        self._limit = samples_at_once
        self._metadata = store.index.layouts.metadata()
        self._sources = [
            source
            for source in store.contents.sources(store.index)
            if source.min_time <= end and source.max_time >= start
        ]
        self._start = max(start, min((source.min_time for source in self._sources), default=start))
        self._end = min(end, max((source.max_time for source in self._sources), default=end))

    def text(self) -> Iterator[str]:
        """Yield the page, in parts of whole lines."""
        names = self._names()
        if "" in names:
            names.remove("")
            self.nameless = len(order_series(ExportFamily(None, ("",)), self._columns(("",))).series) - 1
        for family in arrange(names, self._metadata.values()):
            if family.head is not None:
                yield family.head.text
            yield from self._family(family)
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

    def _columns(self, names: Sequence[str]) -> FactoredColumns:
        """The series of these names that are chosen, each pair of target and signature once."""
        keys: Ints = np.zeros(0, np.int64)
        for name in names:
            for targets, signatures in self._picked([Matcher(METRIC_NAME, MatchOp.EQUAL, name)]):
                keys = np.union1d(keys, signatures.astype(np.int64) << 32 | targets)
        return FactoredColumns(self._index, (keys & 0xFFFFFFFF).astype(np.int32), (keys >> 32).astype(np.int32))

    def _family(self, family: ExportFamily) -> Iterator[str]:
        columns = self._columns(family.names)
        order = order_series(family, columns)
        count = len(order.metrics) - 1
        low, size = 0, _METRICS_AT_ONCE
        while low < count:
            high = min(low + size, count)
            pairs = order.pairs_of(low, high)
            parts: Iterable[SeriesSet]
            try:
                parts = [self._load(order, pairs, self._start, self._end)]
            except TooManySamplesError:
                if high - low > 1:
                    size = (high - low) // 2
                    continue
                parts = self._load_in_time(order, pairs, self._start, self._end)
            seen: set[int] = set()
            for found in parts:
                yield from self._metrics(order, low, high, found, seen)
            self.series += len(seen)
            low = high
            size = min(2 * size, _METRICS_AT_ONCE)

    def _load(self, order: SeriesOrder, pairs: slice, start: int, end: int, *, bounded: bool = True) -> SeriesSet:
        """Load the series of all these targets with all these signatures, which may be some more than the pairs."""
        index = self._index
        targets, signatures = np.zeros(len(index.targets), np.bool_), np.zeros(len(index.signatures), np.bool_)
        targets[order.targets[pairs]] = True
        signatures[order.signatures[pairs]] = True
        either = np.zeros((0, len(targets)), np.bool_), np.zeros((0, len(signatures)), np.bool_)
        selection = Selection(targets, signatures, *either)
        return assemble(index, self._sources, selection, start, end, limit=self._limit if bounded else 0)

    def _load_in_time(self, order: SeriesOrder, pairs: slice, start: int, end: int) -> Iterator[SeriesSet]:
        """Load one metric that has too many samples, in parts that follow each other."""
        if start == end:
            yield self._load(order, pairs, start, end, bounded=False)
            return
        middle = (start + end) // 2
        for span in ((start, middle), (middle + 1, end)):
            try:
                yield self._load(order, pairs, *span)
            except TooManySamplesError:
                yield from self._load_in_time(order, pairs, *span)

    def _metrics(self, order: SeriesOrder, low: int, high: int, found: SeriesSet, seen: set[int]) -> Iterator[str]:
        """Write the metrics from ``low`` to ``high``, each by time; ``seen`` gets the hashes of their series."""
        labels = found.labels
        assert isinstance(labels, FactoredColumns)
        places = {key: place for place, key in enumerate(self._hashes(labels.targets, labels.signatures).tolist())}
        pairs = order.pairs_of(low, high)
        hashes = self._hashes(order.targets[pairs], order.signatures[pairs])
        seen.update(key for key in hashes.tolist() if key in places)
        for metric in order.series_of(low, high):
            first = order.series[metric.start : metric.stop] - pairs.start
            series = [places[key] for key in hashes[first].tolist() if key in places]
            if series:
                yield from self._metric(found, series)

    def _metric(self, found: SeriesSet, series: list[int]) -> Iterator[str]:
        counts = (found.offsets[1:] - found.offsets[:-1])[series]
        names = [_name(found, place) for place in series]
        values = np.concatenate([found.values[found.offsets[place] : found.offsets[place + 1]] for place in series])
        times = np.concatenate(
            [
                found.timestamps[found.clocks[i] : found.clocks[i] + n]
                for i, n in zip(series, counts.tolist(), strict=True)
            ]
        )
        self.samples += len(values)
        if len(series) == 1:
            yield from _lines(repeat(names[0]), times, values)
            return
        which = np.repeat(np.arange(len(series)), counts)
        by_time = np.argsort(times, kind="stable")
        yield from _lines(map(names.__getitem__, which[by_time].tolist()), times[by_time], values[by_time])

    def _hashes(self, targets: NDArray[np.integer], signatures: NDArray[np.integer]) -> NDArray[np.uint64]:
        """What tells label sets apart, however they are parted."""
        sums: NDArray[np.uint64] = self._index.targets.sums()[targets] + self._index.signatures.sums()[signatures]
        return sums


def _name(found: SeriesSet, place: int) -> str:
    labels = found.labels.labels(place)
    return format_name_and_labels(dict(labels)[METRIC_NAME], tuple(pair for pair in labels if pair[0] != METRIC_NAME))


def _lines(series: Iterable[str], timestamps: Ints, values: NDArray[np.float64]) -> Iterator[str]:
    """Lines of samples; ``series`` gives as many names as there are, or more."""
    names = iter(series)
    for low in range(0, len(values), _LINES_AT_ONCE):
        part = values[low : low + _LINES_AT_ONCE]
        texts = list(map(format_value, part.tolist()))
        bits = part.view(np.uint64)
        for place in np.flatnonzero(bits == STALE_BITS).tolist():
            texts[place] = STALE
        for place in np.flatnonzero((part == 0) & np.signbit(part)).tolist():
            texts[place] = "-0"
        times = map(format_seconds, timestamps[low : low + _LINES_AT_ONCE].tolist())
        yield "".join([f"{next(names)} {value} {time}\n" for value, time in zip(texts, times, strict=True)])
