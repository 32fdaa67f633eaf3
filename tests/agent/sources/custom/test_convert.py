"""Families of prometheus_client become ours; the library is not needed, what looks like its families is enough."""

from dataclasses import dataclass, field

import pytest

from vedette_agent.errors import CollectorError
from vedette_agent.sources.custom.convert import convert_families
from vedette_shared.metrics import MetricFamily, MetricType, Sample, gauge


@dataclass
class TheirSample:
    name: str
    labels: dict[str, str]
    value: float
    timestamp: float | None = None


@dataclass
class TheirFamily:
    name: str
    documentation: str
    type: str
    samples: list[TheirSample] = field(default_factory=list)
    unit: str = ""


CASES = [
    (
        TheirFamily("queue_length", "Length.", "gauge", [TheirSample("queue_length", {"b": "2", "a": "1"}, 5)]),
        MetricFamily(
            "queue_length", MetricType.GAUGE, "Length.", "", [Sample("queue_length", (("a", "1"), ("b", "2")), 5.0)]
        ),
    ),
    (
        TheirFamily(
            "jobs", "Jobs.", "counter", [TheirSample("jobs_total", {}, 3), TheirSample("jobs_created", {}, 1.7e9)]
        ),
        MetricFamily("jobs_total", MetricType.COUNTER, "Jobs.", "", [Sample("jobs_total", (), 3.0)]),
    ),
    (
        TheirFamily("x", "", "unknown", [TheirSample("x", {"empty": ""}, 1)]),
        MetricFamily("x", MetricType.UNKNOWN, "", "", [Sample("x", (), 1.0)]),
    ),
    (
        TheirFamily("h", "", "histogram", [TheirSample("h_bucket", {"le": "+Inf"}, 1), TheirSample("h_sum", {}, 2)]),
        MetricFamily(
            "h", MetricType.HISTOGRAM, "", "", [Sample("h_bucket", (("le", "+Inf"),), 1.0), Sample("h_sum", (), 2.0)]
        ),
    ),
]


@pytest.mark.parametrize(("theirs", "ours"), CASES)
def test_converts(theirs: TheirFamily, ours: MetricFamily) -> None:
    assert convert_families([theirs]) == [ours]


def test_ours_stay() -> None:
    family = gauge("x", "", 1.0)
    assert convert_families([family])[0] is family


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (5, r"collect\(\) yielded 5, which is no metric family"),
        (TheirFamily("x", "", "odd"), "x: there is no metric type 'odd'"),
    ],
)
def test_what_is_none(what: object, message: str) -> None:
    with pytest.raises(CollectorError, match=message):
        convert_families([what])
