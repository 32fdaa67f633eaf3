"""The kernel's load balancer: ``/proc/net/ip_vs`` and ``ip_vs_stats``."""

from __future__ import annotations

import socket
from collections import defaultdict
from typing import NamedTuple

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present, read_text
from vedette_agent.errors import NoDataError
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_TOTALS = (
    Metric("node_ipvs_connections_total", COUNTER, "The total number of connections made."),
    Metric("node_ipvs_incoming_packets_total", COUNTER, "The total number of incoming packets."),
    Metric("node_ipvs_outgoing_packets_total", COUNTER, "The total number of outgoing packets."),
    Metric("node_ipvs_incoming_bytes_total", COUNTER, "The total amount of incoming data."),
    Metric("node_ipvs_outgoing_bytes_total", COUNTER, "The total amount of outgoing data."),
)
_WEIGHT = Metric("node_ipvs_backend_weight", GAUGE, "The current backend weight by local and remote address.")
_ACTIVE = Metric(
    "node_ipvs_backend_connections_active",
    GAUGE,
    "The current active connections by local and remote address.",
)
_INACTIVE = Metric(
    "node_ipvs_backend_connections_inactive",
    GAUGE,
    "The current inactive connections by local and remote address.",
)
_TOTALS_LINE = 2
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})
_MARK = "FWM"


class Backend(NamedTuple):
    """A real server behind a virtual one."""

    proto: str
    local_address: str
    local_port: str
    local_mark: str
    remote_address: str
    remote_port: str
    weight: int
    active: int
    inactive: int


def parse_totals(text: str) -> list[int]:
    """Return connections, packets in and out, bytes in and out, from ``/proc/net/ip_vs_stats``.

    Raises:
        ValueError: the line of totals is missing or is not of hexadecimal numbers.
    """
    lines = text.splitlines()
    if len(lines) <= _TOTALS_LINE:
        raise ValueError("ip_vs_stats has no line of totals")
    return [int(field, 16) for field in lines[_TOTALS_LINE].split()]


def parse_backends(text: str) -> list[Backend]:
    """Return the real servers in ``/proc/net/ip_vs``, in its order.

    Raises:
        ValueError: an address or a number is malformed.
    """
    backends = []
    service: tuple[str, str, str, str] | None = None
    for line in text.splitlines():
        fields = line.split()
        if not fields:
            continue
        if fields[0] in _PROTOCOLS:
            service = (fields[0], *_parse_address(fields[1]), "")
        elif fields[0] == _MARK:
            service = (_MARK, "", "0", fields[1])
        elif fields[0] == "->" and service is not None:
            remote = _parse_address(fields[1])
            weight, active, inactive = map(int, fields[3:6])
            backends.append(Backend(*service, *remote, weight, active, inactive))
    return backends


def _parse_address(text: str) -> tuple[str, str]:
    """Addresses are hexadecimal, or in brackets and in the usual form for IPv6; ports are hexadecimal."""
    address, _, port = text.rpartition(":")
    if address.startswith("["):
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address[1:-1])), str(int(port, 16))
    return socket.inet_ntop(socket.AF_INET, bytes.fromhex(address)), str(int(port, 16))


class IpvsCollector:
    """Traffic in all, and weight and connections of each real server."""

    name = "ipvs"

    def __init__(self, options: NodeOptions) -> None:
        self._services = options.proc("net/ip_vs")
        self._statistics = options.proc("net/ip_vs_stats")
        self._labels = options.ipvs.backend_labels

    def collect(self) -> list[MetricFamily]:
        statistics = read_if_present(self._statistics)
        if statistics is None:
            raise NoDataError("the kernel's load balancer is not loaded")
        families = Families()
        for metric, total in zip(_TOTALS, parse_totals(statistics.decode()), strict=True):
            families.add(metric, float(total))
        sums: dict[Labels, list[int]] = defaultdict(lambda: [0, 0, 0])
        for backend in parse_backends(read_text(self._services)):
            labels = make_labels((label, getattr(backend, label)) for label in self._labels)
            for place, number in enumerate((backend.active, backend.inactive, backend.weight)):
                sums[labels][place] += number
        for labels, (active, inactive, weight) in sums.items():
            families.add(_ACTIVE, float(active), labels)
            families.add(_INACTIVE, float(inactive), labels)
            families.add(_WEIGHT, float(weight), labels)
        return families.all()
