"""CPU of the server for each million pushed samples, from a few hosts to thousands: it must not grow with the fleet."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.ingest import SERIES, push
from tests.bench.report import report
from tests.bench.vedette import Vedette, without_checks

FLEETS = (10, 100, 1000, 5000)
WARM_TICKS, TICKS = 2, 8
BAR = 1.1


def main() -> int:
    """Print a line for each fleet; 0 if none costs more a sample than a smaller one."""
    costs: dict[int, float] = {}
    met = True
    for hosts in FLEETS:
        costs[hosts] = cost = _cost(hosts)
        # Beside the cheapest fleet so far: with few hosts, what the server costs at rest shows.
        bars = {"ratio": (cost / min(costs.values()), BAR)}
        met = report("scale", {"vedette_cpu_s_per_million": cost}, bars, hosts=hosts, series=SERIES) and met
    return 0 if met else 1


def _cost(hosts: int) -> float:
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        vedette = Vedette(Path(name), without_checks())
        with vedette.start() as server:
            before, _ = push(vedette, server, hosts, SERIES, WARM_TICKS, TICKS)
            used = server.cpu_seconds() - before
    return used / (hosts * SERIES * (TICKS - WARM_TICKS) / 1e6)
