"""Bytes that wait in UDP sockets: ``/proc/net/udp`` and ``udp6``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_QUEUES = Metric("node_udp_queues", GAUGE, "Number of allocated memory in the kernel for UDP datagrams in bytes.")
_QUEUE_COLUMN = 4


def parse_queues(content: bytes) -> tuple[int, int]:
    """Return the bytes in all sending and all receiving queues.

    Raises:
        ValueError: a queue's length is not a hexadecimal number.
    """
    sending = receiving = 0
    for line in content.splitlines()[1:]:
        queues = line.split(None, _QUEUE_COLUMN + 1)[_QUEUE_COLUMN]
        if queues != b"00000000:00000000":
            left, _, right = queues.partition(b":")
            sending += int(left, 16)
            receiving += int(right, 16)
    return sending, receiving


class UdpQueuesCollector:
    """Bytes that wait to be sent, and to be read by their processes."""

    name = "udp_queues"

    def __init__(self, options: NodeOptions) -> None:
        self._paths = (("v4", options.proc("net/udp")), ("v6", options.proc("net/udp6")))

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for version, path in self._paths:
            content = read_if_present(path)
            if content is None:
                continue
            sending, receiving = parse_queues(content)
            families.add(_QUEUES, float(sending), (("ip", version), ("queue", "tx")))
            families.add(_QUEUES, float(receiving), (("ip", version), ("queue", "rx")))
        if not families.all():
            raise NoDataError("there are no UDP sockets to see")
        return families.all()
