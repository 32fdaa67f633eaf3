"""The node's collectors together: each with its success and its duration, none harmed by another."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from vedette_agent.errors import CollectorError, NoDataError
from vedette_agent.sources.node import NodeSource
from vedette_shared.metrics import MetricFamily, MetricType, gauge


@dataclass
class Fake:
    name: str
    error: Exception | None = None
    wait_for: threading.Event | None = None

    def collect(self) -> Iterable[MetricFamily]:
        if self.wait_for is not None:
            self.wait_for.wait()
        yield gauge(f"node_{self.name}", "Help.", 1.0)
        if self.error is not None:
            raise self.error


async def collect(*collectors: Fake) -> dict[str, MetricFamily]:
    source = NodeSource(collectors, interval_ms=1000, timeout=5, collector_timeout=0.1)
    families = await source.collect()
    source.close()
    return {family.name: family for family in families}


async def test_success_and_failure_are_told_of_each() -> None:
    hung = threading.Event()
    families = await collect(
        Fake("a"),
        Fake("bad", CollectorError("a broken file")),
        Fake("none", NoDataError("no such hardware")),
        Fake("hung", wait_for=hung),
        Fake("defect", ZeroDivisionError("a defect")),
        Fake("z"),
    )
    hung.set()
    success = families["node_scrape_collector_success"]
    assert {sample.labels: sample.value for sample in success.samples} == {
        (("collector", "a"),): 1.0,
        (("collector", "bad"),): 0.0,
        (("collector", "none"),): 0.0,
        (("collector", "hung"),): 0.0,
        (("collector", "defect"),): 0.0,
        (("collector", "z"),): 1.0,
    }
    assert (success.type, success.help) == (MetricType.GAUGE, "node_exporter: Whether a collector succeeded.")
    duration = families["node_scrape_collector_duration_seconds"]
    assert (duration.type, duration.help) == (MetricType.GAUGE, "node_exporter: Duration of a collector scrape.")
    assert len(duration.samples) == 6
    assert [name for name in families if name in ("node_a", "node_bad", "node_hung", "node_z")] == ["node_a", "node_z"]
