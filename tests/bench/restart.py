"""A restart after kill -9 with two hours in the log: seconds until it serves, Vedette's and Prometheus'.

From exec until ``/-/ready`` answers 200 and a query over the last minutes gives all that was written.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench.feed import TICKS_AT_ONCE, RemoteWriter, slices
from tests.bench.fleet import INTERVAL_MS, Fleet
from tests.bench.log_feeder import fill_log
from tests.bench.peers import Process, Prometheus
from tests.bench.report import report
from tests.bench.vedette import Vedette, without_checks
from vedette_shared.errors import VedetteError
from vedette_shared.labels import Labels

HOSTS = int(os.environ.get("BENCH_HOSTS", "500"))
HOURS = float(os.environ.get("BENCH_HOURS", "2"))
SERIES = 500
TICKS = round(HOURS * 3_600_000 / INTERVAL_MS / TICKS_AT_ONCE) * TICKS_AT_ONCE
BAR_S = 10.0
LIMIT_S = 120.0

_UNAVAILABLE = 503
"""Vedette's answer while it still compiles what large queries need."""


class Expected:
    """What a query over the last minutes must give: ``values`` has the shape (times, hosts, series)."""

    def __init__(self, fleet: Fleet, times: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        self._end = int(times[-1]) / 1000
        self._span = (len(times) - 1) * INTERVAL_MS // 1000 + 1
        self._host = len(fleet) // 2
        self._labels = fleet.targets[self._host]
        self._own = {
            labels: [[int(time) / 1000, float(value)] for time, value in zip(times, column, strict=True)]
            for labels, column in zip(fleet.series(self._host), values[:, self._host, :].T, strict=True)
        }
        self._one = [pair for pair in fleet.series(0)[-1] if pair not in fleet.targets[0]]
        self._hosts = len(fleet)

    def is_served(self, url: str) -> bool:
        """Whether one host's series are all there, value by value, and one series of each host."""
        try:
            return self._is_right(url)
        except urllib.error.HTTPError as error:
            if error.code == _UNAVAILABLE:
                return False
            raise VedetteError(f"{url} answered {error.code}: {error.read(300)!r}") from error

    def _is_right(self, url: str) -> bool:
        own = _query(url, f"{_selector(self._labels)}[{self._span}s]", self._end)
        found = {
            tuple(sorted(one["metric"].items())): [[time, float(value)] for time, value in one["values"]] for one in own
        }
        counts = _query(url, f"count_over_time({_selector(self._one)}[{self._span}s])", self._end)
        each = [float(one["value"][1]) for one in counts]
        return found == self._own and each == [TICKS_AT_ONCE] * self._hosts

    def is_whole(self, url: str) -> bool:
        """Whether the log's first samples are there as well."""
        counts = _query(url, f"count_over_time({_selector(self._one)}[1d])", self._end)
        return [float(one["value"][1]) for one in counts] == [TICKS] * self._hosts


def main() -> int:
    """Print one line; 0 if the bar is met."""
    begin_ms = int(time.time()) * 1000 - TICKS * INTERVAL_MS
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        folder = Path(name)
        prometheus = Prometheus(folder / "prometheus")
        expected = _feed_prometheus(prometheus, begin_ms)
        theirs, their_memory = _restart(prometheus.start, prometheus.url, expected)
        vedette = Vedette(folder / "vedette", without_checks())
        log_bytes = fill_log(vedette.data / "storage", Fleet(HOSTS, SERIES), begin_ms, TICKS)
        ours, memory = _restart(vedette.start, vedette.url, expected)
    figures = {
        "prometheus_s": theirs,
        "ratio": ours / theirs,
        "vedette_log_bytes": log_bytes,
        "vedette_memory_bytes": memory,
        "prometheus_memory_bytes": their_memory,
    }
    fleet = f"{HOSTS} hosts x {SERIES} series"
    return 0 if report("restart", figures, {"vedette_s": (ours, BAR_S)}, fleet=fleet, hours=HOURS) else 1


def _feed_prometheus(peer: Prometheus, begin_ms: int) -> Expected:
    fleet = Fleet(HOSTS, SERIES)
    writer = RemoteWriter(fleet)
    with peer.start() as process:
        for times, values in slices(fleet, begin_ms, TICKS):
            writer.write(peer.port, times, values)
        process.kill()
    return Expected(fleet, times, values)


def _restart(start: Callable[[], Process], url: str, expected: Expected) -> tuple[float, int]:
    """Return (seconds until everything is served, bytes of memory then)."""
    begin = time.monotonic()
    with start() as process:
        while not expected.is_served(url):
            if time.monotonic() - begin > LIMIT_S:
                raise VedetteError(f"{url} does not serve what was written")
            time.sleep(0.05)
        seconds, memory = time.monotonic() - begin, process.resident_bytes()
        if not expected.is_whole(url):
            raise VedetteError(f"{url} has lost samples")
    return seconds, memory


def _selector(labels: Labels | list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels) + "}"


def _query(url: str, query: str, at: float) -> list[dict[str, Any]]:
    form = urllib.parse.urlencode({"query": query, "time": at})
    with urllib.request.urlopen(f"{url}/api/v1/query?{form}", timeout=LIMIT_S) as answer:
        result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return result
