"""Metric families: what a collector yields, a page exposes and a frame carries."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from vedette_shared.labels import EMPTY, Labels


class MetricType(str, enum.Enum):
    """The types of OpenMetrics; ``untyped`` of the text format is ``UNKNOWN``."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    GAUGE_HISTOGRAM = "gaugehistogram"
    SUMMARY = "summary"
    INFO = "info"
    STATE_SET = "stateset"
    UNKNOWN = "unknown"


class Sample(NamedTuple):
    """One value of one series.

    Attributes:
        name: The series' full name, suffix included (``…_bucket``).
        labels: Without ``__name__``.
        value: A double.
        timestamp_ms: Only where the source states one of its own.
    """

    name: str
    labels: Labels
    value: float
    timestamp_ms: int | None = None


@dataclass(slots=True)
class MetricFamily:
    """Samples under one name, type and help text.

    ``name`` is the name that ``# TYPE`` shows in the text format: a counter's with its ``_total``.
    """

    name: str
    type: MetricType
    help: str = ""
    unit: str = ""
    samples: list[Sample] = field(default_factory=list)

    def add(self, value: float, labels: Labels = EMPTY) -> None:
        """Add a sample that bears the family's own name."""
        self.samples.append(Sample(self.name, labels, value))


def gauge(name: str, help: str, value: float | None = None) -> MetricFamily:  # noqa: A002
    """Return a gauge family, with one sample without labels where ``value`` is given."""
    return _family(name, MetricType.GAUGE, help, value)


def counter(name: str, help: str, value: float | None = None) -> MetricFamily:  # noqa: A002
    """Return a counter family, with one sample without labels where ``value`` is given."""
    return _family(name, MetricType.COUNTER, help, value)


def _family(name: str, kind: MetricType, text: str, value: float | None) -> MetricFamily:
    family = MetricFamily(name, kind, text)
    if value is not None:
        family.add(value)
    return family


def count_samples(families: Iterable[MetricFamily]) -> int:
    """The number of samples in ``families``."""
    return sum(len(family.samples) for family in families)
