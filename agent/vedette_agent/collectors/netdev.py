"""Counters of network interfaces: over netlink, or ``/proc/net/dev``."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, Families, Metric
from vedette_agent.collectors.netlink import COUNTERS, dump_links, parse_links
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_text
from vedette_shared.metrics import MetricFamily

_CLASSIC_SUMS = {
    "receive_errs": ("receive_errors",),
    "receive_drop": ("receive_dropped", "receive_missed_errors"),
    "receive_fifo": ("receive_fifo_errors",),
    "receive_frame": (
        "receive_frame_errors",
        "receive_length_errors",
        "receive_over_errors",
        "receive_crc_errors",
    ),
    "receive_multicast": ("multicast",),
    "transmit_errs": ("transmit_errors",),
    "transmit_drop": ("transmit_dropped",),
    "transmit_fifo": ("transmit_fifo_errors",),
    "transmit_colls": ("collisions",),
    "transmit_carrier": (
        "transmit_carrier_errors",
        "transmit_aborted_errors",
        "transmit_heartbeat_errors",
        "transmit_window_errors",
    ),
}
"""The columns of ``/proc/net/dev`` as sums of the kernel's counters, see net/core/net-procfs.c."""

_PROC_COLUMNS = (
    *(f"receive_{c}" for c in ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")),
    *(f"transmit_{c}" for c in ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")),
)


def _columns(sums: dict[str, tuple[str, ...]]) -> list[tuple[Metric, tuple[int, ...]]]:
    """Metrics, each with the places of the counters that it sums."""
    summed = {name for names in sums.values() for name in names}
    plain = {name: (name,) for name in COUNTERS if name not in summed}
    return [(_metric(name), tuple(COUNTERS.index(part) for part in parts)) for name, parts in {**plain, **sums}.items()]


def _metric(column: str) -> Metric:
    return Metric(f"node_network_{column}_total", COUNTER, f"Network device statistic {column}.")


def parse_net_dev(text: str) -> list[tuple[str, list[int]]]:
    """Return each interface in ``/proc/net/dev`` with its counters in the order of the file.

    Raises:
        ValueError: a counter is not a number.
    """
    interfaces = []
    for line in text.splitlines()[2:]:
        name, _, counters = line.rpartition(":")
        interfaces.append((name.strip(), [int(counter) for counter in counters.split()]))
    return interfaces


class NetdevCollector:
    """Bytes, packets, errors and drops of each network interface."""

    name = "netdev"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("net/dev")
        self._filter = options.netdev.filter("device")
        self._netlink = options.netdev.netlink
        self._columns = _columns({} if options.netdev.enable_detailed_metrics else _CLASSIC_SUMS)
        self._proc_metrics = [_metric(column) for column in _PROC_COLUMNS]

    def collect(self) -> list[MetricFamily]:
        return self._collect_netlink() if self._netlink else self._collect_proc()

    def _collect_netlink(self) -> list[MetricFamily]:
        families = Families()
        for link in parse_links(dump_links()):
            counters = link.counters() if self._filter.keeps(link.name) else None
            if counters is not None:
                labels = (("device", link.name),)
                for metric, places in self._columns:
                    families.add(metric, float(sum([counters[place] for place in places])), labels)
        return families.all()

    def _collect_proc(self) -> list[MetricFamily]:
        families = Families()
        for name, counters in parse_net_dev(read_text(self._path)):
            if self._filter.keeps(name):
                labels = (("device", name),)
                for metric, counter in zip(self._proc_metrics, counters, strict=True):
                    families.add(metric, float(counter), labels)
        return families.all()
