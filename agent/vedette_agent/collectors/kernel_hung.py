"""Tasks that hung: ``/proc/sys/kernel/hung_task_detect_count``."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_number
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_TASKS = Metric(
    "node_kernel_hung_tasks_total",
    COUNTER,
    "Total number of tasks that have been detected as hung since the system booted.",
)


class KernelHungCollector:
    """Tasks that the kernel found to be stuck."""

    name = "kernel_hung"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("sys/kernel/hung_task_detect_count")

    def collect(self) -> list[MetricFamily]:
        count = read_number(self._path)
        if count is None:
            raise NoDataError("the kernel does not count hung tasks")
        family = _TASKS.family()
        family.add(float(count))
        return [family]
