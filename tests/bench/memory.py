"""Memory of the server after an hour of a fleet's samples: Vedette beside Prometheus with the same samples.

Both are fed more quickly than in life: Vedette by agents that push, its head cut as often as in life by the number of
samples; Prometheus by remote write. Figures are from ``/proc/PID/smaps_rollup``: ``rss`` is all that is resident, with
the pages of files that are mapped (blocks, chunks, the programs themselves), and ``anonymous`` what the kernel cannot
drop. The bar is on ``rss``, at the end and at the most; with the server's own memory after the start told beside it.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

from tests.bench import ingest
from tests.bench.feed import RemoteWriter, slices
from tests.bench.fleet import INTERVAL_MS, Fleet
from tests.bench.peers import Process, Prometheus
from tests.bench.report import report
from tests.bench.vedette import Vedette, without_checks

HOSTS = int(os.environ.get("BENCH_HOSTS", "500"))
SERIES = 500
TICKS = int(os.environ.get("BENCH_TICKS", str(3_600_000 // INTERVAL_MS)))
TICK_S = 1
ROWS = 20
"""So many ticks are in five minutes of life, after which a head is cut."""

SETTLE_S = 30
BAR = 0.5
MB = 1e6


class Watch:
    """Takes a process's memory every second, in MB."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.most = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(1):
            self.most = max(self.most, self._process.memory()["Rss"] / MB)


def main() -> int:
    """Print one line; 0 if the bar is met."""
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        ours = _vedette(Path(name) / "vedette")
        theirs = _prometheus(Path(name) / "prometheus")
    figures = {f"vedette_{key}_mb": value for key, value in ours.items()}
    figures |= {f"prometheus_{key}_mb": value for key, value in theirs.items()}
    bars = {name: (ours[name] / theirs[name], BAR) for name in ("rss", "most")}
    fleet = f"{HOSTS} hosts x {SERIES} series"
    return 0 if report("memory", figures, {f"ratio_{k}": v for k, v in bars.items()}, fleet=fleet, ticks=TICKS) else 1


def _vedette(folder: Path) -> dict[str, float]:
    vedette = Vedette(folder, f'{without_checks()}[storage]\nhead_age = "{ROWS * TICK_S}s"\n')
    with vedette.start() as server:
        server.wait_for_rest()
        began = server.memory()["Rss"] / MB
        with Watch(server) as watch:
            ingest.push(vedette, server, HOSTS, SERIES, 0, TICKS, TICK_S)
            time.sleep(SETTLE_S)
        return {"start": began, **_now(server), "most": watch.most}


def _prometheus(folder: Path) -> dict[str, float]:
    peer = Prometheus(folder)
    fleet = Fleet(HOSTS, SERIES)
    writer = RemoteWriter(fleet)
    begin_ms = int(time.time() * 1000) - TICKS * INTERVAL_MS
    with peer.start() as server:
        began = server.memory()["Rss"] / MB
        with Watch(server) as watch:
            for times, values in slices(fleet, begin_ms, TICKS):
                writer.write(peer.port, times, values)
            time.sleep(SETTLE_S)
        return {"start": began, **_now(server), "most": watch.most}


def _now(server: Process) -> dict[str, float]:
    memory = server.memory()
    return {"rss": memory["Rss"] / MB, "anonymous": memory["Anonymous"] / MB}
