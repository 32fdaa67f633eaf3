"""CPU of the server for each million samples: pushed frames, and scraped text, beside Prometheus scraping the same.

Prometheus evaluates no rules here, so Vedette evaluates no checks.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.peers import Process, Prometheus
from tests.bench.report import report
from tests.bench.vedette import Vedette, without_checks

HOSTS, SERIES = 500, 500
INTERVAL_S = 5
WARM_TICKS, TICKS = 4, 56
"""In so many ticks a block is cut from the head, so that its cost is counted too."""

SCRAPE_WARM_S, SCRAPE_S = 30, 60
PUSH_BAR, PULL_BAR = 0.1, 0.5


def main() -> int:
    """Print a line for push and one for pull; 0 if both bars are met."""
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name, _pages() as port:
        folder = Path(name)
        theirs = _scraping_prometheus(folder / "prometheus", port)
        pushed, wall = _pushed(folder / "push")
        scraped = _scraping_vedette(folder / "pull", port)
    size = f"{HOSTS} hosts x {SERIES} series"
    figures = {"vedette_cpu_s_per_million": pushed, "prometheus_cpu_s_per_million": theirs}
    push = report("push", figures, {"ratio": (pushed / theirs, PUSH_BAR)}, fleet=size, seconds=round(wall))
    figures = {"vedette_cpu_s_per_million": scraped, "prometheus_cpu_s_per_million": theirs}
    pull = report("pull", figures, {"ratio": (scraped / theirs, PULL_BAR)}, fleet=size)
    return 0 if push and pull else 1


@contextmanager
def _pages() -> Iterator[int]:
    """A process that serves the fleet's pages; its port."""
    command = [sys.executable, "-m", "tests.bench.pages", str(HOSTS), str(SERIES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _pushed(folder: Path) -> tuple[float, float]:
    """(CPU seconds for a million samples, seconds that it took) of Vedette, with agents that push."""
    vedette = Vedette(folder, without_checks())
    with vedette.start() as server:
        cpu, begin = push(vedette, server, HOSTS, SERIES, WARM_TICKS, TICKS)
        wait_for_a_cut(vedette)
        used, wall = server.cpu_seconds() - cpu, time.monotonic() - begin
    return used / (HOSTS * SERIES * (TICKS - WARM_TICKS) / 1e6), wall


def push(
    vedette: Vedette,
    server: Process,
    hosts: int,
    series: int,
    warm_ticks: int,
    ticks: int,
    interval: float = INTERVAL_S,
) -> tuple[float, float]:
    """Let agents push; returns (CPU seconds of the server, monotonic time) after the first ``warm_ticks`` ticks."""
    arguments = [str(one) for one in (vedette.ingest, hosts, series, ticks, interval)]
    command = [sys.executable, "-m", "tests.bench.pushers", *arguments]
    begin = cpu = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pushers:
        assert pushers.stdout is not None
        for line in pushers.stdout:
            if line == f"tick {warm_ticks}\n":
                begin, cpu = time.monotonic(), server.cpu_seconds()
        if pushers.wait():
            raise SystemExit("the agents' process failed")
    return cpu, begin


def wait_for_a_cut(vedette: Vedette) -> None:
    """Return when the first block is on disk, whole."""
    while not any((vedette.data / "storage" / "blocks").glob("*.block")):
        time.sleep(1)


def _scraping_prometheus(folder: Path, port: int) -> float:
    peer = Prometheus(folder)
    targets = "\n".join(
        f"  - job_name: host{host:05d}\n    metrics_path: /host{host:05d}/metrics\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{port}'], labels: {{host: host{host:05d}}}}}]"
        for host in range(HOSTS)
    )
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: {INTERVAL_S}s, scrape_timeout: {INTERVAL_S}s}}\nscrape_configs:\n{targets}\n"
    )
    with peer.start() as server:
        return _measure(server, f"{peer.url}/metrics", "prometheus_tsdb_head_samples_appended_total")


def _scraping_vedette(folder: Path, port: int) -> float:
    scrapes = "\n".join(
        f'[[scrape]]\njob = "host{host:05d}"\ntargets = ["127.0.0.1:{port}"]\npath = "/host{host:05d}/metrics"\n'
        f'interval = "{INTERVAL_S}s"\nlabels = {{host = "host{host:05d}"}}\n'
        for host in range(HOSTS)
    )
    vedette = Vedette(folder, scrapes + without_checks())
    with vedette.start() as server:
        return _measure(server, f"{vedette.url}/metrics", "vedette_storage_samples_appended_total")


def _measure(server: Process, url: str, name: str) -> float:
    """CPU seconds for a million samples of a server that scrapes."""
    time.sleep(SCRAPE_WARM_S)
    cpu, samples = server.cpu_seconds(), _counter(url, name)
    time.sleep(SCRAPE_S)
    return (server.cpu_seconds() - cpu) / ((_counter(url, name) - samples) / 1e6)


def _counter(url: str, name: str) -> float:
    with urllib.request.urlopen(url) as answer:
        lines = str(answer.read(), "utf-8").splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))
