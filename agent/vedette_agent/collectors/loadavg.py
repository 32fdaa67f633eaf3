"""Load averages: ``/proc/loadavg``, see proc_loadavg(5)."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.metrics import MetricFamily

_METRICS = (
    Metric("node_load1", GAUGE, "1m load average."),
    Metric("node_load5", GAUGE, "5m load average."),
    Metric("node_load15", GAUGE, "15m load average."),
)


def parse_loadavg(content: bytes) -> tuple[float, float, float]:
    """Return the averages over 1, 5 and 15 minutes.

    Raises:
        ValueError: the content is not that of ``/proc/loadavg``.
    """
    one, five, fifteen = map(float, content.split()[:3])
    return one, five, fifteen


class LoadavgCollector:
    """The system's load averages."""

    name = "loadavg"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("loadavg")

    def collect(self) -> list[MetricFamily]:
        families = [metric.family() for metric in _METRICS]
        for family, value in zip(families, parse_loadavg(read_bytes(self._path)), strict=True):
            family.add(value)
        return families
