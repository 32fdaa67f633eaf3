"""Metric families of prometheus_client as ours. The library itself is not needed: what has its attributes is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from vedette_agent.errors import CollectorError
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_TOTAL = "_total"


class ForeignSample(Protocol):
    """A sample of prometheus_client."""

    name: str
    labels: Mapping[str, str]
    value: float


@runtime_checkable
class ForeignFamily(Protocol):
    """A metric family of prometheus_client."""

    name: str
    documentation: str
    type: str
    unit: str
    samples: Sequence[ForeignSample]


def convert_families(families: Iterable[object]) -> list[MetricFamily]:
    """Return what a collector has yielded: families of ours, or of prometheus_client.

    Raises:
        CollectorError: it has yielded something else.
    """
    return [family if isinstance(family, MetricFamily) else _converted(family) for family in families]


def _converted(foreign: object) -> MetricFamily:
    if not isinstance(foreign, ForeignFamily):
        raise CollectorError(f"collect() yielded {foreign!r:.80}, which is no metric family")
    try:
        kind = MetricType(foreign.type if foreign.type != "untyped" else "unknown")
    except ValueError as error:
        raise CollectorError(f"{foreign.name}: there is no metric type {foreign.type!r}") from error
    # The library names a counter without its suffix, and adds it to the samples.
    is_bare = kind is MetricType.COUNTER and not foreign.name.endswith(_TOTAL)
    name = foreign.name + _TOTAL if is_bare else foreign.name
    samples = [
        Sample(sample.name, _labels(sample.labels), float(sample.value))
        for sample in foreign.samples
        if not sample.name.endswith("_created")
    ]
    return MetricFamily(name, kind, foreign.documentation, foreign.unit, samples)


def _labels(labels: Mapping[str, str]) -> Labels:
    return make_labels({str(name): str(value) for name, value in labels.items()})
