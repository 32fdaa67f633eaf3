"""Compiles the kernels before the first query needs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vedette_server.compiled import in_background
from vedette_server.promql.calls.ranges import RANGE_FUNCTIONS
from vedette_server.promql.columns import empty_labels
from vedette_server.promql.engine import Engine
from vedette_server.promql.selection.kernels import STALE_BITS
from vedette_server.storage.interface import LabelColumns, Matcher, SelectHints, SeriesSet

_RANGES = ("x[1m]", "x[1m:1s]")
_PARAMETERS = {
    "predict_linear": "{}, 1",
    "quantile_over_time": "0.5, {}",
    "double_exponential_smoothing": "{}, 0.5, 0.5",
}
_QUERIES = (
    # What is asked most comes first.
    *("x", "rate(x[1m])", "sum(x)", "sum(rate(x[1m]))", "max_over_time(x[1m])", "avg_over_time(x[1m])", "avg(x)"),
    *("max(x)", "count(x)", "topk(1, x)", "histogram_quantile(1, x)", "x and x"),
    *(f"{name}({_PARAMETERS.get(name, '{}').format(window)})" for name in RANGE_FUNCTIONS for window in _RANGES),
    *(f"{name}(x[1m] {extension})" for name in ("rate", "delta") for extension in ("anchored", "smoothed")),
    *("changes(x[1m] anchored)", "x smoothed", "absent_over_time(x[1m])", "timestamp(x)"),
    *(f"{op}(x)" for op in ("sum", "avg", "min", "max", "count", "group", "stddev")),
    *(f"{op}(1, x)" for op in ("topk", "limitk", "quantile", "histogram_quantile")),
    *("histogram_fraction(0, 1, x)", "x and x", "x + x", "x or x"),
)


class _OneSeries:
    """A store with one series without labels, which has three samples, one of them a stale marker."""

    def select(
        self,
        matchers: Sequence[Matcher],  # noqa: ARG002 - the answer is always the same
        start: int,  # noqa: ARG002
        end: int,
        hints: SelectHints | None = None,  # noqa: ARG002
    ) -> SeriesSet:
        values = np.array([0, STALE_BITS, 0], np.int64).view(np.float64)
        times = np.arange(end - 2, end + 1, dtype=np.int64)
        return SeriesSet(empty_labels(1), times, np.zeros(1, np.int64), values, np.array([0, 3], np.int64))

    def label_names(self, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        return list(self.series(matchers, start, end).names())

    def label_values(self, name: str, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        return [value for value in self.series(matchers, start, end).column(name)[1] if value]

    def series(self, matchers: Sequence[Matcher], start: int, end: int) -> LabelColumns:
        return self.select(matchers, start, end).labels


def warm_up() -> None:
    """Compile every kernel, or load it from the cache of compiled code. Takes seconds once after an installation.

    Meant for a thread in the background; queries meanwhile work, see ``compiled``.
    """
    with in_background():
        for query in _QUERIES:
            Engine().range(_OneSeries(), query, 0, 1000, 1000)
