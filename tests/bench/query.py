"""Queries over HTTP beside Debian's Prometheus and VictoriaMetrics, all three with the same samples."""

from __future__ import annotations

import http.client
import json
import re
import socket
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import trio

from tests.bench.peers import Peer, Prometheus, VictoriaMetrics
from tests.bench.query_data import HOUR_MS, load_peer, load_store, stretches
from tests.bench.report import report
from tests.bench.vedette import Vedette
from vedette_shared.errors import VedetteError

ROUNDS = 7
SETTLE_S = 10.0
TIMEOUT_S = 120.0
STEP_S, STEPS = 60, 110
BARS = {"prometheus": 0.2, "victoria": 1.0}
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"
HOST = 'host="host007"'

VICTORIA_OPTIONS = ("-search.disableCache", "-search.maxConcurrentRequests=4")


@dataclass(frozen=True, slots=True)
class Work:
    """Queries that are asked one after the other, as range queries, and timed together.

    Attributes:
        name: What it is called in the output.
        queries: PromQL.
        barred: Whether the bars of the design hold for it.
        hours: The range; 0 for ``STEPS`` steps of ``STEP_S``.
    """

    name: str
    queries: tuple[str, ...]
    barred: bool = False
    hours: int = 0

    def paths(self, end_ms: int) -> list[str]:
        """The requests."""
        end = end_ms // 1000
        span, step = (self.hours * 3600, 300) if self.hours else ((STEPS - 1) * STEP_S, STEP_S)
        fixed = {"start": end - span, "end": end, "step": step, "nocache": 1}
        return [f"/api/v1/query_range?{urlencode({'query': query, **fixed})}" for query in self.queries]


def _panels() -> tuple[str, ...]:
    networks = ("receive_bytes", "transmit_bytes", "receive_packets", "receive_errs", "receive_drop")
    disks = ("read_bytes", "written_bytes", "io_time_seconds", "reads_completed", "writes_completed")
    gauges = ("node_load5", "node_load15", "node_procs_running", "node_procs_blocked", "node_memory_Cached_bytes")
    return (
        f"sum by (mode) (rate(node_cpu_seconds_total{{{HOST}}}[5m]))",
        f'1 - avg(rate(node_cpu_seconds_total{{{HOST},mode="idle"}}[5m]))',
        f"1 - node_memory_MemAvailable_bytes{{{HOST}}} / node_memory_MemTotal_bytes{{{HOST}}}",
        f"1 - node_filesystem_avail_bytes{{{HOST}}} / node_filesystem_size_bytes{{{HOST}}}",
        f"rate(node_context_switches_total{{{HOST}}}[5m])",
        *(f"rate(node_network_{name}_total{{{HOST}}}[5m])" for name in networks),
        *(f"rate(node_disk_{name}_total{{{HOST}}}[5m])" for name in disks),
        *(f"{name}{{{HOST}}}" for name in gauges),
    )


WORKS = (
    Work("rate", ("rate(node_cpu_seconds_total[5m])",), barred=True),
    Work("sum by (mode) (rate)", ("sum by (mode) (rate(node_cpu_seconds_total[5m]))",), barred=True),
    Work("max_over_time", ("max_over_time(node_cpu_seconds_total[5m])",), barred=True),
    Work("sum", ("sum(node_cpu_seconds_total)",), barred=True),
    Work(
        "histogram_quantile",
        ("histogram_quantile(0.95, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))",),
    ),
    Work("topk", ("topk(10, rate(node_cpu_seconds_total[5m]))",)),
    Work("dashboard of 20 panels", _panels()),
    Work("24 h", ("avg_over_time(node_load1[10m])",), hours=24),
)


class Client:
    """Asks a server, and reads answers as quickly as can be, so that its own time counts for little."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._buffer = bytearray(2**20)

    def ask(self, path: str) -> bytes:
        """The body of the answer.

        Raises:
            VedetteError: it is not a success.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise VedetteError(f"{path} answered {answer.status}: {body[:300].decode(errors='replace')}")
        return body

    def time(self, paths: list[str]) -> float:
        """Return the ms until the last answer was whole, over a fresh connection."""
        with socket.create_connection(("127.0.0.1", self._port), TIMEOUT_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begin = time.perf_counter()
            for path in paths:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode())
                self._read(connection)
            return (time.perf_counter() - begin) * 1000

    def _read(self, connection: socket.socket) -> None:
        """Read an answer and throw it away."""
        begun = b""
        while b"\r\n\r\n" not in begun:
            begun += self._some(connection)
        head, _, rest = begun.partition(b"\r\n\r\n")
        stated = LENGTH.search(head)
        if stated:
            missing = int(stated[1]) - len(rest)
            while missing > 0:
                missing -= len(self._some(connection))
            return
        while not rest.endswith(LAST_CHUNK):
            rest = rest[-len(LAST_CHUNK) :] + self._some(connection)[-len(LAST_CHUNK) :]

    def _some(self, connection: socket.socket) -> memoryview:
        size = connection.recv_into(self._buffer)
        if not size:
            raise VedetteError("an answer broke off")
        return memoryview(self._buffer)[:size]


class Victoria(VictoriaMetrics):
    """VictoriaMetrics without its cache of results."""

    def arguments(self) -> list[str]:
        return [*super().arguments(), *VICTORIA_OPTIONS]


def shape(body: bytes) -> tuple[int, int]:
    """(series, points) of an answer."""
    result = json.loads(body)["data"]["result"]
    return len(result), sum(len(one["values"]) for one in result)


def require_alike(work: Work, bodies: Mapping[str, list[bytes]]) -> tuple[int, int]:
    """The series and points of an answer of Vedette, after it has been compared with Prometheus'.

    Raises:
        VedetteError: they differ, so that the times say nothing.
    """
    ours, theirs = ([shape(body) for body in bodies[name]] for name in ("vedette", "prometheus"))
    if [points for _, points in ours] != [points for _, points in theirs]:
        raise VedetteError(f"{work.name}: the answers differ: Vedette (series, points) {ours}, Prometheus {theirs}")
    return sum(series for series, _ in ours), sum(points for _, points in ours)


def measure(work: Work, clients: Mapping[str, Client], end_ms: int) -> bool:
    """Print a line: the first time of each, then the medians of rounds in turns. Returns whether the bars are met."""
    paths = work.paths(end_ms)
    first = {name: client.time(paths) for name, client in clients.items()}
    asked = {name: [clients[name].ask(path) for path in paths] for name in ("vedette", "prometheus")}
    series, points = require_alike(work, asked)
    times: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            times[name].append(client.time(paths))
    warm = {name: statistics.median(all_of) for name, all_of in times.items()}
    figures = {f"{name}_ms": value for name, value in warm.items()}
    figures |= {f"{name}_cold_ms": value for name, value in first.items()}
    ratios = {name: warm["vedette"] / warm[name] for name in BARS}
    bars = {f"ratio_{name}": (ratios[name], bar) for name, bar in BARS.items()} if work.barred else {}
    figures |= {} if work.barred else {f"ratio_{name}": ratio for name, ratio in ratios.items()}
    return report("query", figures, bars, work=work.name, series=series, points=points)


def load(folder: Path, vedette: Vedette, peers: Mapping[str, Peer], end_ms: int) -> None:
    """Load all three with the same samples, one after the other, and end what was started for it."""
    loaded = stretches(end_ms)
    for peer in peers.values():
        with peer.start():
            load_peer(peer.port, loaded, end_ms)
            time.sleep(SETTLE_S)
    trio.run(partial(load_store, vedette.data / "storage", loaded, end_ms))


def main() -> int:
    """Print a line of JSON for each work; 0 if every bar is met."""
    end_ms = int(time.time() * 1000) // HOUR_MS * HOUR_MS
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        vedette = Vedette(folder / "vedette")
        peers: dict[str, Peer] = {
            "prometheus": Prometheus(folder / "prometheus"),
            "victoria": Victoria(folder / "victoria"),
        }
        load(folder, vedette, peers, end_ms)
        for start in (vedette.start, *(peer.start for peer in peers.values())):
            stack.enter_context(start())
        clients = {"vedette": Client(vedette.api)} | {name: Client(peer.port) for name, peer in peers.items()}
        time.sleep(SETTLE_S)
        met = [measure(work, clients, end_ms) for work in WORKS]
    return 0 if all(met) else 1
