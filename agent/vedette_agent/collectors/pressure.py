"""Pressure stall information: ``/proc/pressure``, see Documentation/accounting/psi.rst."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_text
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_METRICS = {
    ("cpu", "some"): Metric(
        "node_pressure_cpu_waiting_seconds_total",
        COUNTER,
        "Total time in seconds that processes have waited for CPU time",
    ),
    ("io", "some"): Metric(
        "node_pressure_io_waiting_seconds_total",
        COUNTER,
        "Total time in seconds that processes have waited due to IO congestion",
    ),
    ("io", "full"): Metric(
        "node_pressure_io_stalled_seconds_total",
        COUNTER,
        "Total time in seconds no process could make progress due to IO congestion",
    ),
    ("memory", "some"): Metric(
        "node_pressure_memory_waiting_seconds_total",
        COUNTER,
        "Total time in seconds that processes have waited for memory",
    ),
    ("memory", "full"): Metric(
        "node_pressure_memory_stalled_seconds_total",
        COUNTER,
        "Total time in seconds no process could make progress due to memory congestion",
    ),
    ("irq", "full"): Metric(
        "node_pressure_irq_stalled_seconds_total",
        COUNTER,
        "Total time in seconds no process could make progress due to IRQ congestion",
    ),
}
_RESOURCES = ("cpu", "io", "memory", "irq")


def parse_pressure(text: str) -> dict[str, int]:
    """Return the total microseconds of each line, under its first word.

    Raises:
        ValueError: a total is not a number.
    """
    return {line.split(" ", 1)[0]: int(line.rpartition("total=")[2]) for line in text.splitlines()}


class PressureCollector:
    """Time lost to the want of processor, disk and memory."""

    name = "pressure"

    def __init__(self, options: NodeOptions) -> None:
        self._paths = [(resource, options.proc(f"pressure/{resource}")) for resource in _RESOURCES]

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for resource, path in self._paths:
            try:
                totals = parse_pressure(read_text(path))
            except OSError:
                # Not built in, turned off at boot, or too old for this resource.
                continue
            for line, microseconds in totals.items():
                metric = _METRICS.get((resource, line))
                if metric is not None:
                    families.add(metric, microseconds / 1e3 / 1e3)
        if not families.all():
            raise NoDataError("the kernel tells no pressure stall information")
        return families.all()
