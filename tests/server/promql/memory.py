"""A store in memory for tests: float samples, stale markers among them, behind the ``Querier`` protocol."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from vedette_server.promql.columns import Column, LazyColumns
from vedette_server.promql.regex import compile_anchored
from vedette_server.storage.errors import TooManySamplesError
from vedette_server.storage.interface import LabelColumns, Matcher, MatchOp, SelectHints, SeriesSet
from vedette_shared.labels import Labels


def columns_of(label_sets: Sequence[Labels]) -> LabelColumns:
    """Label sets as columns."""
    dictionaries = [dict(labels) for labels in label_sets]
    names = {name for labels in dictionaries for name in labels}

    def load(name: str) -> Column:
        index: dict[str, int] = {}
        codes = [index.setdefault(labels.get(name, ""), len(index)) for labels in dictionaries]
        return np.array(codes, np.int32), list(index)

    return LazyColumns(len(label_sets), names, load)


def matches(matcher: Matcher, labels: Labels) -> bool:
    """Whether a label set satisfies a matcher."""
    value = dict(labels).get(matcher.name, "")
    if matcher.op is MatchOp.EQUAL:
        return value == matcher.value
    if matcher.op is MatchOp.NOT_EQUAL:
        return value != matcher.value
    return compile_anchored(matcher.value).matches(value) == (matcher.op is MatchOp.REGEX)


class MemoryQuerier:
    """Samples by label set. ``guard`` is called with each series that a query reads."""

    def __init__(self, guard: Callable[[Labels, int, int], None] | None = None) -> None:
        self._series: dict[Labels, tuple[list[int], list[float]]] = {}
        self._guard = guard

    def add(self, labels: Labels, samples: Iterable[tuple[int, float]]) -> None:
        """Add samples; one at a time that the series has already is replaced."""
        times, values = self._series.setdefault(labels, ([], []))
        for time, value in samples:
            i = bisect.bisect_left(times, time)
            if i < len(times) and times[i] == time:
                values[i] = value
            else:
                times.insert(i, time)
                values.insert(i, value)

    def select(self, matchers: Sequence[Matcher], start: int, end: int, hints: SelectHints | None = None) -> SeriesSet:
        """See ``Querier``."""
        label_sets: list[Labels] = []
        times: list[int] = []
        values: list[float] = []
        offsets = [0]
        for labels, (own_times, own_values) in self._series.items():
            if not all(matches(matcher, labels) for matcher in matchers):
                continue
            if self._guard is not None:
                self._guard(labels, start, end)
            first, last = bisect.bisect_left(own_times, start), bisect.bisect_right(own_times, end)
            if first == last:
                continue
            label_sets.append(labels)
            times += own_times[first:last]
            values += own_values[first:last]
            offsets.append(len(values))
            if hints is not None and 0 < hints.limit < len(values):
                raise TooManySamplesError(hints.limit)
        boundaries = np.array(offsets, np.int64)
        return SeriesSet(
            columns_of(label_sets),
            np.array(times, np.int64),
            boundaries[:-1].copy(),
            np.array(values, np.float64),
            boundaries,
        )

    def label_names(self, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        """See ``Querier``."""
        return list(self.series(matchers, start, end).names())

    def label_values(self, name: str, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        """See ``Querier``."""
        return sorted({value for value in self.series(matchers, start, end).column(name)[1] if value})

    def series(self, matchers: Sequence[Matcher], start: int, end: int) -> LabelColumns:
        """See ``Querier``."""
        return self.select(matchers, start, end).labels
