"""The kernel's NFS server: ``/proc/net/rpc/nfsd``."""

from __future__ import annotations

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present
from vedette_agent.collectors.rpc_statistics import (
    FIRST_SERVER_OPERATION,
    PROCEDURES_V2,
    PROCEDURES_V3,
    SERVER_OPERATIONS_V4,
    parse_rpc,
)
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily


def _counter(name: str, text: str) -> Metric:
    return Metric(f"node_nfsd_{name}_total", COUNTER, text)


_FIELDS = {
    ("rc", 0): _counter("reply_cache_hits", "Total number of NFSd Reply Cache hits (client lost server response)."),
    ("rc", 1): _counter(
        "reply_cache_misses",
        "Total number of NFSd Reply Cache an operation that requires caching (idempotent).",
    ),
    ("rc", 2): _counter(
        "reply_cache_nocache",
        "Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).",
    ),
    ("fh", 0): _counter("file_handles_stale", "Total number of NFSd stale file handles"),
    ("io", 0): _counter("disk_bytes_read", "Total NFSd bytes read."),
    ("io", 1): _counter("disk_bytes_written", "Total NFSd bytes written."),
    ("th", 0): Metric("node_nfsd_server_threads", GAUGE, "Total number of NFSd kernel threads that are running."),
    ("ra", 0): Metric("node_nfsd_read_ahead_cache_size_blocks", GAUGE, "How large the read ahead cache is in blocks."),
    ("ra", 11): _counter("read_ahead_cache_not_found", "Total number of NFSd read ahead cache not found."),
    ("net", 3): _counter("connections", "Total number of NFSd TCP connections."),
    ("rpc", 0): _counter("server_rpcs", "Total number of NFSd RPCs."),
}
_PACKETS = _counter("packets", "Total NFSd network packets (sent+received) by protocol type.")
_RPC_ERRORS = _counter("rpc_errors", "Total number of NFSd RPC errors by error type.")
_REQUESTS = _counter("requests", "Total number NFSd Requests by method and protocol.")
_NOT_TOLD = frozenset({"-", "Null"})
_LABELED = {
    ("net", 1): (_PACKETS, (("proto", "udp"),)),
    ("net", 2): (_PACKETS, (("proto", "tcp"),)),
    ("rpc", 2): (_RPC_ERRORS, (("error", "fmt"),)),
    ("rpc", 3): (_RPC_ERRORS, (("error", "auth"),)),
    ("rpc", 4): (_RPC_ERRORS, (("error", "cInt"),)),
    ("wdeleg_getattr", 0): (_REQUESTS, (("method", "WdelegGetattr"), ("proto", "4"))),
}


class NfsdCollector:
    """Calls to the NFS server by procedure, threads, caches and errors."""

    name = "nfsd"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("net/rpc/nfsd")

    def collect(self) -> list[MetricFamily]:
        content = read_if_present(self._path)
        if content is None:
            raise NoDataError("the NFS server is not loaded")
        lines = parse_rpc(content.decode())
        families = Families()
        for (line, place), metric in _FIELDS.items():
            if place < len(lines.get(line, ())):
                families.add(metric, lines[line][place])
        for (line, place), (metric, labels) in _LABELED.items():
            if place < len(lines.get(line, ())):
                families.add(metric, lines[line][place], labels)
        operations = lines.get("proc4ops", [])[FIRST_SERVER_OPERATION:]
        for version, names, counts in (
            ("2", PROCEDURES_V2, lines.get("proc2", [])),
            ("3", PROCEDURES_V3, lines.get("proc3", [])),
            ("4", SERVER_OPERATIONS_V4, operations),
        ):
            for name, count in zip(names, counts, strict=False):
                if name not in _NOT_TOLD:
                    families.add(_REQUESTS, count, (("method", name), ("proto", version)))
        return families.all()
