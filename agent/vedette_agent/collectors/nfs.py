"""The NFS client: ``/proc/net/rpc/nfs``."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present
from vedette_agent.collectors.rpc_statistics import (
    CLIENT_PROCEDURES_V4,
    PROCEDURES_V2,
    PROCEDURES_V3,
    parse_rpc,
)
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_PACKETS = Metric("node_nfs_packets_total", COUNTER, "Total NFSd network packets (sent+received) by protocol type.")
_CONNECTIONS = Metric("node_nfs_connections_total", COUNTER, "Total number of NFSd TCP connections.")
_RPC = (
    Metric("node_nfs_rpcs_total", COUNTER, "Total number of RPCs performed."),
    Metric("node_nfs_rpc_retransmissions_total", COUNTER, "Number of RPC transmissions performed."),
    Metric(
        "node_nfs_rpc_authentication_refreshes_total",
        COUNTER,
        "Number of RPC authentication refreshes performed.",
    ),
)
_REQUESTS = Metric("node_nfs_requests_total", COUNTER, "Number of NFS procedures invoked.")
_VERSIONS = (("2", "proc2", PROCEDURES_V2), ("3", "proc3", PROCEDURES_V3), ("4", "proc4", CLIENT_PROCEDURES_V4))


class NfsCollector:
    """Calls of the NFS client by procedure."""

    name = "nfs"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("net/rpc/nfs")

    def collect(self) -> list[MetricFamily]:
        content = read_if_present(self._path)
        if content is None:
            raise NoDataError("the NFS client is not loaded")
        lines = parse_rpc(content.decode())
        families = Families()
        _, udp, tcp, connections = lines["net"]
        families.add(_PACKETS, udp, (("protocol", "udp"),))
        families.add(_PACKETS, tcp, (("protocol", "tcp"),))
        families.add(_CONNECTIONS, connections)
        for metric, count in zip(_RPC, lines["rpc"], strict=True):
            families.add(metric, count)
        for version, line, procedures in _VERSIONS:
            counts = lines.get(line, [])
            # A kernel knows fewer procedures, or more, than there are names.
            counts += [0.0] * (len(procedures) - len(counts))
            for procedure, count in zip(procedures, counts, strict=False):
                families.add(_REQUESTS, count, (("method", procedure), ("proto", version)))
        return families.all()
