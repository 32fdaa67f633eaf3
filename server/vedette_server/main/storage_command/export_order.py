"""The order of an exported page: families, the metrics of each, the series of each metric.

It follows from names and labels alone, not from how a store parts them, so that a page that was imported is exported
as the same page. A metric is what OpenMetrics calls so: the series that make up one histogram, summary or state set
are one, and any other series is one by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.index.columns import FactoredColumns
from vedette_shared.exposition import SUFFIXES, FamilyHead, family_head
from vedette_shared.frames import Metadata
from vedette_shared.labels import METRIC_NAME
from vedette_shared.metrics import MetricType

_INNER_LABELS = {MetricType.HISTOGRAM: "le", MetricType.GAUGE_HISTOGRAM: "le", MetricType.SUMMARY: "quantile"}

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ExportFamily:
    """A family of a page.

    Attributes:
        head: What is said of it, ``None`` if nothing is known.
        names: The names of its series, in the order in which a metric has them.
    """

    head: FamilyHead | None
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its own name, by which families are sorted."""
        return self.names[0] if self.head is None else self.head.name

    @property
    def inner_label(self) -> str:
        """The label that tells the series of a metric apart, "" if none does."""
        if self.head is None:
            return ""
        return self.head.name if self.head.type is MetricType.STATE_SET else _INNER_LABELS.get(self.head.type, "")


def arrange(names: Iterable[str], metadata: Iterable[Metadata]) -> list[ExportFamily]:
    """Return the families of series with these names. Where the names of two clash, one of them has no head."""
    left, taken = set(names), set[str]()
    families = []
    for described in sorted(metadata, key=lambda one: one.name):
        head = family_head(described, taken)
        if head.name in left and head.name not in _series_names(head):
            head = family_head(described, taken | {head.name})
        members = [name for name in _series_names(head) if name in left]
        if members and not head.names & taken and not _is_bare(head):
            families.append(ExportFamily(head, tuple(members)))
            left.difference_update(members)
            taken |= head.names
    families += [ExportFamily(None, (name,)) for name in left]
    return sorted(families, key=lambda family: family.title)


def _is_bare(head: FamilyHead) -> bool:
    """Whether it says no more than the samples themselves."""
    return head.type is MetricType.UNKNOWN and head.text.count("\n") == 1


def _series_names(head: FamilyHead) -> list[str]:
    return [head.name + suffix for suffix in SUFFIXES[head.type]]


@dataclass(frozen=True, slots=True)
class SeriesOrder:
    """The series of a family as pairs of target and signature, in order.

    A series has several pairs where its labels were parted in several ways in the course of time.

    Attributes:
        targets: Of each pair.
        signatures: Of each pair.
        series: Where each series begins among the pairs, and the end.
        metrics: Where each metric begins among the series, and the end.
    """

    targets: Ints
    signatures: Ints
    series: Ints
    metrics: Ints

    def series_of(self, low: int, high: int) -> Iterator[range]:
        """For each of the metrics from ``low`` to ``high`` its series, as places of their first pairs."""
        for metric in range(low, high):
            yield range(int(self.metrics[metric]), int(self.metrics[metric + 1]))

    def pairs_of(self, low: int, high: int) -> slice:
        """The pairs of the metrics from ``low`` to ``high``."""
        return slice(int(self.series[self.metrics[low]]), int(self.series[self.metrics[high]]))


def order_series(family: ExportFamily, columns: FactoredColumns) -> SeriesOrder:
    """Put the series of ``family``, all those of ``columns``, in order."""
    inner = family.inner_label
    outer = [_ranks(columns, name) for name in columns.names() if name not in (METRIC_NAME, inner)]
    within = [_ranks(columns, METRIC_NAME, family.names.index)]
    if inner:
        within.append(_ranks(columns, inner, _bound))
    keys = np.stack([*outer, *within])
    order = np.lexsort(keys[::-1])
    differs = np.diff(keys[:, order], axis=1) != 0
    series = _starts(differs.any(axis=0))
    metrics = _starts(differs[: len(outer)].any(axis=0))
    return SeriesOrder(
        columns.targets[order].astype(np.int64),
        columns.signatures[order].astype(np.int64),
        series,
        np.searchsorted(series, metrics),
    )


def _starts(differs: NDArray[np.bool_]) -> Ints:
    return np.concatenate([[0], np.flatnonzero(differs) + 1, [len(differs) + 1]])


def _ranks(columns: FactoredColumns, name: str, key: Callable[[str], Any] = str) -> NDArray[np.int32]:
    """The place of each series' value of a label among those that there are, shape (series,)."""
    codes, values = columns.column(name)
    used = np.unique(codes)
    known: Sequence[str] = [values[code] for code in used.tolist()]
    ranks = np.empty(len(used), np.int32)
    ranks[sorted(range(len(known)), key=lambda i: key(known[i]))] = np.arange(len(known))
    return ranks[np.searchsorted(used, codes)]


def _bound(text: str) -> tuple[float, str]:
    """What sorts bounds and quantiles by size."""
    try:
        return float(text), text
    except ValueError:
        return inf, text
