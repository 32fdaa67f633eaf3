"""The kernel's own counters: ``/proc/stat``, see proc_stat(5)."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.metrics import MetricFamily

_METRICS = {
    b"intr": Metric("node_intr_total", COUNTER, "Total number of interrupts serviced."),
    b"ctxt": Metric("node_context_switches_total", COUNTER, "Total number of context switches."),
    b"processes": Metric("node_forks_total", COUNTER, "Total number of forks."),
    b"btime": Metric("node_boot_time_seconds", GAUGE, "Node boot time, in unixtime."),
    b"procs_running": Metric("node_procs_running", GAUGE, "Number of processes in runnable state."),
    b"procs_blocked": Metric("node_procs_blocked", GAUGE, "Number of processes blocked waiting for I/O to complete."),
}
_SOFTIRQS = Metric("node_softirqs_total", COUNTER, "Number of softirq calls.")
_VECTORS = ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")
_VECTOR_LABELS = [(("vector", vector),) for vector in _VECTORS]


def parse_stat(content: bytes) -> dict[bytes, list[bytes]]:
    """Return the numbers of each line, under the line's first word. Of ``intr`` only the total is kept.

    Raises:
        ValueError: a line has no number.
    """
    lines: dict[bytes, list[bytes]] = {}
    for line in content.splitlines():
        if line.startswith(b"intr "):
            lines[b"intr"] = line[5:].split(None, 1)[:1]
        elif not line.startswith(b"cpu"):
            key, *numbers = line.split()
            if not numbers:
                raise ValueError(f"not a line of /proc/stat: {line!r}")
            lines[key] = numbers
    return lines


class StatCollector:
    """Interrupts, context switches, forks, boot time; soft interrupts by switch."""

    name = "stat"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("stat")
        self._softirq = options.stat.softirq

    def collect(self) -> list[MetricFamily]:
        lines = parse_stat(read_bytes(self._path))
        families = Families()
        for key, metric in _METRICS.items():
            if key in lines:
                families.add(metric, float(lines[key][0]))
        if self._softirq and b"softirq" in lines:
            for labels, number in zip(_VECTOR_LABELS, lines[b"softirq"][1:], strict=False):
                families.add(_SOFTIRQS, float(number), labels)
        return families.all()
