"""Bytes on disk for each sample, after compaction: Vedette, Prometheus and VictoriaMetrics with the same samples."""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

import trio

from tests.bench.feed import RemoteWriter, load_store, slices
from tests.bench.fleet import INTERVAL_MS, Fleet
from tests.bench.peers import Prometheus, VictoriaMetrics
from tests.bench.report import report
from vedette_server.storage import StorageOptions, Store

HOSTS = int(os.environ.get("BENCH_HOSTS", "500"))
SERIES = 500
WINDOW_MS = 7_200_000
TICKS = 2 * WINDOW_MS // INTERVAL_MS
"""Prometheus compacts two hours when it has three; the fourth is ready to be compacted too."""

DAY_MS = 86_400_000
PROMETHEUS_BAR, VICTORIA_BAR = 0.5, 0.8
WAIT_S = 900


def main() -> int:
    """Print one line; 0 if both bars are met."""
    begin_ms = (int(time.time() * 1000) // DAY_MS - 1) * DAY_MS
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        folder = Path(name)
        ours, samples = _vedette(folder / "vedette", begin_ms)
        prometheus, victoria = _peers(folder, begin_ms)
    bars = {
        "ratio_prometheus": (ours / prometheus, PROMETHEUS_BAR),
        "ratio_victoria": (ours / victoria, VICTORIA_BAR),
    }
    figures = {
        "vedette_bytes_a_sample": ours,
        "prometheus_bytes_a_sample": prometheus,
        "victoria_bytes_a_sample": victoria,
    }
    fleet = f"{HOSTS} hosts x {SERIES} series"
    return 0 if report("disk", figures, bars, fleet=fleet, hours=4, samples=samples) else 1


def _vedette(path: Path, begin_ms: int) -> tuple[float, int]:
    """(bytes a sample, samples)."""
    found = []

    def done(store: Store) -> bool:
        statistics = store.statistics()
        merged = statistics.head_samples == 0 and statistics.blocks == 1
        if merged:
            found.append(statistics.block_samples)
        return merged

    options = StorageOptions(head_bytes=40 << 20, maintenance_ms=500)
    trio.run(partial(load_store, path, Fleet(HOSTS, SERIES), begin_ms, TICKS, options, done=done))
    return _size(path / "blocks") / found[-1], found[-1]


def _peers(folder: Path, begin_ms: int) -> tuple[float, float]:
    """(bytes a sample of Prometheus, and of VictoriaMetrics)."""
    prometheus, victoria = Prometheus(folder / "prometheus"), VictoriaMetrics(folder / "victoria")
    fleet = Fleet(HOSTS, SERIES)
    writer = RemoteWriter(fleet)
    with prometheus.start(), victoria.start():
        for times, values in slices(fleet, begin_ms, TICKS):
            writer.write(prometheus.port, times, values)
            writer.write(victoria.port, times, values)
        theirs = _compacted(prometheus)
        for task in ("force_flush", "force_merge"):
            with urllib.request.urlopen(f"{victoria.url}/internal/{task}"):
                pass
        time.sleep(10)
        _settle(victoria.data)
    return theirs, _size(victoria.data) / (HOSTS * SERIES * TICKS)


def _compacted(peer: Prometheus) -> float:
    """Bytes a sample of the blocks that Prometheus has compacted, once there is one of two hours."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        blocks = [path.parent for path in peer.data.glob("*/meta.json")]
        samples = sum(json.loads((block / "meta.json").read_text())["stats"]["numSamples"] for block in blocks)
        if samples >= HOSTS * SERIES * WINDOW_MS // INTERVAL_MS:
            return sum(map(_size, blocks)) / samples
        time.sleep(2)
    raise SystemExit("Prometheus has not compacted")


def _settle(path: Path) -> None:
    before = -1
    while (now := _size(path)) != before:
        before = now
        time.sleep(5)


def _size(path: Path) -> int:
    total = 0
    for file in path.rglob("*"):
        try:
            if file.is_file():
                total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total
