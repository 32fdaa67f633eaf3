"""Descriptions of metrics, and the families that a collection fills from them."""

from __future__ import annotations

from typing import NamedTuple

from vedette_shared.labels import EMPTY, Labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

COUNTER = MetricType.COUNTER
GAUGE = MetricType.GAUGE
UNTYPED = MetricType.UNKNOWN


class Metric(NamedTuple):
    """What stays the same from collection to collection."""

    name: str
    type: MetricType
    help: str

    def family(self) -> MetricFamily:
        """Return a new family of the kind, empty."""
        return MetricFamily(self.name, self.type, self.help)


class Families:
    """The families of one collection, in the order in which they were first added to; none of them empty."""

    __slots__ = ("_by_name",)

    def __init__(self) -> None:
        self._by_name: dict[str, MetricFamily] = {}

    def add(self, metric: Metric, value: float, labels: Labels = EMPTY) -> None:
        """Add a sample of ``metric``; ``labels`` are sorted by name and have no empty values."""
        name = metric.name
        family = self._by_name.get(name)
        if family is None:
            family = self._by_name[name] = metric.family()
        family.samples.append(Sample(name, labels, value))

    def add_all(self, metric: Metric, samples: list[tuple[Labels, float]]) -> None:
        """Add many samples of ``metric``."""
        for labels, value in samples:
            self.add(metric, value, labels)

    def all(self) -> list[MetricFamily]:
        """Return the families."""
        return list(self._by_name.values())


class UniqueFamilies(Families):
    """Families that take each series once, the first time: firmware repeats itself."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        super().__init__()
        self._taken: set[tuple[str, Labels]] = set()

    def add(self, metric: Metric, value: float, labels: Labels = EMPTY) -> None:
        key = (metric.name, labels)
        if key not in self._taken:
            self._taken.add(key)
            super().add(metric, value, labels)
