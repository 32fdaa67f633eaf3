"""The scheduler's statistics: ``/proc/schedstat``, see Documentation/scheduler/sched-stats.rst."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_RUNNING = Metric("node_schedstat_running_seconds_total", COUNTER, "Number of seconds CPU spent running a process.")
_WAITING = Metric(
    "node_schedstat_waiting_seconds_total", COUNTER, "Number of seconds spent by processing waiting for this CPU."
)
_TIMESLICES = Metric("node_schedstat_timeslices_total", COUNTER, "Number of timeslices executed by CPU.")
_NANOSECONDS = 1e9


def parse_schedstat(text: str) -> list[tuple[str, int, int, int]]:
    """Return, for each processor, its number, nanoseconds of running and of waiting, and time slices.

    Raises:
        ValueError: a line of a processor has too few numbers.
    """
    rows = []
    for line in text.splitlines():
        if line.startswith("cpu"):
            cpu, *fields = line.split()
            running, waiting, timeslices = fields[6:9]
            rows.append((cpu[3:], int(running), int(waiting), int(timeslices)))
    return rows


class SchedstatCollector:
    """How long processes ran and waited, by processor."""

    name = "schedstat"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("schedstat")

    def collect(self) -> list[MetricFamily]:
        content = read_if_present(self._path)
        if content is None:
            raise NoDataError("the kernel tells no statistics of its scheduler")
        families = Families()
        for cpu, running, waiting, timeslices in parse_schedstat(content.decode()):
            labels = (("cpu", cpu),)
            families.add(_RUNNING, running / _NANOSECONDS, labels)
            families.add(_WAITING, waiting / _NANOSECONDS, labels)
            families.add(_TIMESLICES, float(timeslices), labels)
        return families.all()
