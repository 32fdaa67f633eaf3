"""The agent beside Debian's node exporter: CPU a collection, memory, bytes on the wire, an idle minute."""

from __future__ import annotations

import http.client
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio
import zstandard

from tests.bench.peers import PeerMissingError, Process, free_port
from tests.bench.report import report
from vedette_shared.addresses import Address
from vedette_shared.frames import Layout, decode_message
from vedette_shared.http import Request, Response, serve
from vedette_shared.listening import bound_address, listen_on

NODE_EXPORTER = "prometheus-node-exporter"

SCRAPES = 30
SCRAPE_EVERY_S = 1.2
"""Longer than the agent shows the same collection, so that each scrape is one collection."""
IDLE_S = 75.0
TICKS = 40

CPU_BAR = 1.0
RESIDENT_BAR_MB = 45.0
WIRE_BAR = 2.0


@dataclass
class Sink:
    """A server that takes every message and counts."""

    layouts: dict[bytes, Layout] = field(default_factory=dict)
    messages: list[tuple[int, int, int]] = field(default_factory=list)
    """(bytes of the body, samples, layouts) of each."""

    async def take(self, request: Request) -> Response:
        message = decode_message(zstandard.ZstdDecompressor().decompress(request.body))
        self.layouts |= {layout.hash: layout for layout in message.layouts}
        samples = sum(len(self.layouts[frame.layout]) for frame in message.frames)
        self.messages.append((len(request.body), samples, len(message.layouts)))
        last = max(frame.sequence for frame in message.frames)
        return Response(200, b'{"sequence": %d}' % last, "application/json")

    def bytes_a_sample(self) -> float:
        """Of the messages that carry no layout: the steady state."""
        steady = [(size, samples) for size, samples, layouts in self.messages if not layouts]
        return sum(size for size, _ in steady) / max(sum(samples for _, samples in steady), 1)

    @property
    def with_layouts(self) -> int:
        """How many messages carried layouts: the first, and one for each change of what the host has."""
        return sum(1 for _, _, layouts in self.messages if layouts)


@contextmanager
def sink() -> Iterator[tuple[Sink, str]]:
    """A sink and its URL; it runs in a thread of its own."""
    counts, scope, token = Sink(), trio.CancelScope(), []
    listener = listen_on(Address("127.0.0.1", 0))

    async def main() -> None:
        token.append(trio.lowlevel.current_trio_token())
        with scope:
            await serve(counts.take, [listener])

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    try:
        yield counts, f"http://{bound_address(listener)}"
    finally:
        token[0].run_sync_soon(scope.cancel)
        thread.join()


def agent(folder: Path, port: int, *options: str) -> Process:
    """A running agent that listens on ``port``."""
    data = folder / f"agent{port}"
    command = [sys.executable, "-m", "vedette_shared.command", "agent", "--listen", f"127.0.0.1:{port}"]
    process = Process([*command, "--data", str(data), "--log-level", "error", *options], folder / "agent.log")
    process.wait_for(f"http://127.0.0.1:{port}/healthz")
    return process


def node_exporter(folder: Path, port: int) -> Process:
    """A running node exporter that listens on ``port``."""
    process = Process(
        [NODE_EXPORTER, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], folder / "node.log"
    )
    process.wait_for(f"http://127.0.0.1:{port}/")
    return process


class Scraper:
    """Scrapes one page over a kept connection, as Prometheus does."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def scrape(self) -> bytes:
        self._connection.request(
            "GET", "/metrics", headers={"Accept": "text/plain;version=0.0.4", "Accept-Encoding": "gzip"}
        )
        return self._connection.getresponse().read()


def cpu_of_scrapes(ours: Process, theirs: Process, our_port: int, their_port: int) -> tuple[float, float]:
    """CPU milliseconds a scrape of both, scraped in turns so that they meet the same noise."""
    scrapers = [Scraper(our_port), Scraper(their_port)]
    for _ in range(3):
        for scraper in scrapers:
            scraper.scrape()
        time.sleep(SCRAPE_EVERY_S)
    before = ours.cpu_seconds(), theirs.cpu_seconds()
    for _ in range(SCRAPES):
        start = time.monotonic()
        for scraper in scrapers:
            scraper.scrape()
        time.sleep(max(start + SCRAPE_EVERY_S - time.monotonic(), 0))
    after = ours.cpu_seconds(), theirs.cpu_seconds()
    return (after[0] - before[0]) * 1000 / SCRAPES, (after[1] - before[1]) * 1000 / SCRAPES


def resident_mb(process: Process) -> float:
    """All resident memory, pages of files too."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_of_idle(process: Process, until: float, since: tuple[float, float]) -> float:
    """CPU milliseconds a minute from ``since``, (moment, CPU seconds then), up to the moment ``until`` or later."""
    time.sleep(max(until - time.monotonic(), 0))
    moment, cpu = since
    return (process.cpu_seconds() - cpu) * 1000 * 60 / (time.monotonic() - moment)


def cpu_of_ticks(folder: Path, url: str) -> float:
    """CPU milliseconds of one collection with all that follows: frame, spool, push and its answer."""
    with agent(folder, free_port(), "--push", url, "--interval", "1s", "--host", "ticking") as process:
        time.sleep(5)
        before = process.cpu_seconds()
        time.sleep(TICKS)
        return (process.cpu_seconds() - before) * 1000 / TICKS


@dataclass(frozen=True)
class Figures:
    """What was measured: CPU in milliseconds, memory in MB."""

    cpu_ms: float
    exporter_cpu_ms: float
    pushed_cpu_ms: float
    idle_cpu_ms: float
    resident_mb: float
    exporter_resident_mb: float
    sink: Sink


def measure() -> Figures:
    """Measure everything, in about two minutes.

    Raises:
        PeerMissingError: the node exporter is not installed.
    """
    with tempfile.TemporaryDirectory() as name, sink() as (counts, url), sink() as (_, other_url):
        folder = Path(name)
        our_port, their_port = free_port(), free_port()
        with (
            agent(folder, free_port(), "--push", url, "--host", "idle") as idle,
            agent(folder, our_port) as exposing,
            node_exporter(folder, their_port) as exporter,
        ):
            time.sleep(5)
            begin = time.monotonic()
            since = (begin, idle.cpu_seconds())
            ours, theirs = cpu_of_scrapes(exposing, exporter, our_port, their_port)
            ticks = cpu_of_ticks(folder, other_url)
            minute = cpu_of_idle(idle, begin + IDLE_S, since)
            return Figures(
                ours,
                theirs,
                ticks,
                minute,
                max(resident_mb(idle), resident_mb(exposing)),
                resident_mb(exporter),
                counts,
            )


def main() -> int:
    """Print one line of JSON; 0 if every bar is met."""
    if shutil.which(NODE_EXPORTER) is None:
        raise PeerMissingError(NODE_EXPORTER)
    found = measure()
    wire = found.sink.bytes_a_sample()
    figures = {
        "agent_cpu_ms_a_scrape": found.cpu_ms,
        "node_exporter_cpu_ms_a_scrape": found.exporter_cpu_ms,
        "agent_cpu_ms_a_pushed_collection": found.pushed_cpu_ms,
        "agent_cpu_ms_an_idle_minute": found.idle_cpu_ms,
        "agent_resident_mb": found.resident_mb,
        "node_exporter_resident_mb": found.exporter_resident_mb,
        "wire_bytes_a_sample": wire,
        "series": float(max(samples for _, samples, _ in found.sink.messages)),
        "messages": float(len(found.sink.messages)),
        "messages_with_layouts": float(found.sink.with_layouts),
    }
    bars = {
        "cpu": (found.cpu_ms / found.exporter_cpu_ms, CPU_BAR),
        "resident": (found.resident_mb, RESIDENT_BAR_MB),
        "wire": (wire, WIRE_BAR),
    }
    return 0 if report("agent", figures, bars) else 1
