"""The network's soft interrupts: ``/proc/net/softnet_stat``, see net/core/net-procfs.c."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_text
from vedette_shared.metrics import MetricFamily

_COLUMNS = (
    (0, Metric("node_softnet_processed_total", COUNTER, "Number of processed packets")),
    (1, Metric("node_softnet_dropped_total", COUNTER, "Number of dropped packets")),
    (
        2,
        Metric("node_softnet_times_squeezed_total", COUNTER, "Number of times processing packets ran out of quota"),
    ),
    (
        8,
        Metric(
            "node_softnet_cpu_collision_total",
            COUNTER,
            "Number of collision occur while obtaining device lock while transmitting",
        ),
    ),
    (9, Metric("node_softnet_received_rps_total", COUNTER, "Number of times cpu woken up received_rps")),
    (
        10,
        Metric("node_softnet_flow_limit_count_total", COUNTER, "Number of times flow limit has been reached"),
    ),
    (11, Metric("node_softnet_backlog_len", GAUGE, "Softnet backlog status")),
)
_CPU_COLUMN = 12


def parse_softnet(text: str) -> list[tuple[str, list[int]]]:
    """Return, for each processor, its number and the columns that the kernel tells; those that a kernel before 5.10
    does not are 0.

    Raises:
        ValueError: a field is not a hexadecimal number.
    """
    rows = []
    for line, text_row in enumerate(text.splitlines()):
        fields = [int(field, 16) for field in text_row.split()]
        cpu = fields[_CPU_COLUMN] if len(fields) > _CPU_COLUMN else line
        rows.append((str(cpu), fields + [0] * (_CPU_COLUMN - len(fields))))
    return rows


class SoftnetCollector:
    """Packets processed, dropped and put off, by processor."""

    name = "softnet"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("net/softnet_stat")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for cpu, fields in parse_softnet(read_text(self._path)):
            labels = (("cpu", cpu),)
            for column, metric in _COLUMNS:
                families.add(metric, float(fields[column]), labels)
        return families.all()
