"""TCP connections by state: ``/proc/net/tcp`` and ``tcp6``."""

from __future__ import annotations

from collections import Counter

from vedette_agent.collectors.families import GAUGE, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes, read_if_present
from vedette_shared.metrics import MetricFamily

_STATES = Metric("node_tcp_connection_states", GAUGE, "Number of connection states.")
_NAMES = {
    1: "established",
    2: "syn_sent",
    3: "syn_recv",
    4: "fin_wait1",
    5: "fin_wait2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: "listen",
    11: "closing",
}
"""See net/tcp_states.h; a socket that is not yet a full one, 12, counts as syn_recv does in the kernel's own table."""
_NEW_SYN_RECV = 12
_STATE_COLUMN = 3
_QUEUE_COLUMN = 4


def parse_tcp(content: bytes) -> Counter[str]:
    """Return the connections in each state, and the bytes in their queues as ``tx_queued_bytes`` and
    ``rx_queued_bytes``.

    Raises:
        ValueError: a field is not a hexadecimal number.
    """
    counts: Counter[str] = Counter(tx_queued_bytes=0, rx_queued_bytes=0)
    for line in content.splitlines()[1:]:
        fields = line.split(None, _QUEUE_COLUMN + 1)
        state = int(fields[_STATE_COLUMN], 16)
        counts[_NAMES.get(state, "syn_recv" if state == _NEW_SYN_RECV else "unknown")] += 1
        queues = fields[_QUEUE_COLUMN]
        if queues != b"00000000:00000000":
            sending, _, receiving = queues.partition(b":")
            counts["tx_queued_bytes"] += int(sending, 16)
            counts["rx_queued_bytes"] += int(receiving, 16)
    return counts


class TcpstatCollector:
    """Connections by state. Reads a line for each socket, which a busy host has many of."""

    name = "tcpstat"

    def __init__(self, options: NodeOptions) -> None:
        self._tcp = options.proc("net/tcp")
        self._tcp6 = options.proc("net/tcp6")

    def collect(self) -> list[MetricFamily]:
        counts = parse_tcp(read_bytes(self._tcp))
        content6 = read_if_present(self._tcp6)
        if content6 is not None:
            counts.update(parse_tcp(content6))
        family = _STATES.family()
        for state, count in counts.items():
            family.add(float(count), (("state", state),))
        return [family]
