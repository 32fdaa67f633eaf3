"""CPU of the server for each million pushed samples, from a few hosts to thousands: it must not grow with the fleet.

Frames come three times as quickly as from agents that report every 15 s, and the head is cut three times as soon, so
that a block has as many samples of each series as in life. What the server uses at rest is measured first, and told
apart.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.bench.ingest import INTERVAL_S, SERIES, push, wait_for_a_cut
from tests.bench.report import report
from tests.bench.vedette import Vedette, without_checks

FLEETS = (10, 100, 1000, 5000)
WARM_TICKS, TICKS = 2, 22
HEAD_AGE = f"{20 * INTERVAL_S}s"
REST_S = 20
BAR = 1.1


def main() -> int:
    """Print a line for each fleet; 0 if none costs more a sample than a smaller one."""
    costs: dict[int, float] = {}
    met = True
    for hosts in FLEETS:
        rest, busy, cost = _cpu(hosts)
        costs[hosts] = cost
        # Beside the cheapest fleet so far: few agents share less of a commit, and so each sample costs more.
        bars = {"ratio": (cost / min(costs.values()), BAR)}
        figures = {"vedette_cpu_s_per_million": cost, "cpu_percent": 100 * busy, "cpu_percent_at_rest": 100 * rest}
        met = report("scale", figures, bars, hosts=hosts, series=SERIES) and met
    return 0 if met else 1


def _cpu(hosts: int) -> tuple[float, float, float]:
    """CPU seconds: (a second at rest, a second while a fleet pushes, a million samples beyond rest)."""
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        vedette = Vedette(Path(name), f'{without_checks()}[storage]\nhead_age = "{HEAD_AGE}"\n')
        with vedette.start() as server:
            server.wait_for_rest()
            before = server.cpu_seconds()
            time.sleep(REST_S)
            rest = (server.cpu_seconds() - before) / REST_S
            before, begin = push(vedette, server, hosts, SERIES, WARM_TICKS, TICKS)
            wait_for_a_cut(vedette)
            used, wall = server.cpu_seconds() - before, time.monotonic() - begin
            millions = hosts * SERIES * (TICKS - WARM_TICKS) / 1e6
            return rest, used / wall, (used - rest * wall) / millions
