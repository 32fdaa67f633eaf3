"""Fills the log of a store with a fleet's samples, none of which become a block, and waits to be killed.

Run as ``python -m tests.bench.log_feeder FOLDER HOSTS SERIES TICKS BEGIN_MS``; prints a line when all is durable.
"""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from tests.bench.feed import slices
from tests.bench.fleet import INTERVAL_MS, Fleet
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import Delivery
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Sender

OPTIONS = StorageOptions(waiting_heads=1 << 20, commit_delay_ms=0)
"""Segments as long as a server's are, of which as many may wait as come."""


async def feed(path: Path, fleet: Fleet, begin_ms: int, ticks: int) -> Store:
    """Append everything, all hosts in one commit at each tick; returns the store, still open."""
    clock = ManualClock(begin_ms)
    store = Store.open(path, OPTIONS, clock)
    async with trio.open_nursery() as nursery:
        # Not the whole store: nothing is to be cut.
        await nursery.start(store._appender.run)
        tick = 0
        for times, values in slices(fleet, begin_ms, ticks):
            for time, one in zip(times.tolist(), values, strict=True):
                tick += 1
                frames = [fleet.frame(host, tick, time, one) for host in range(len(fleet))]
                deliveries = [
                    Delivery(Sender(name, 1), [fleet.layout] if tick == 1 else [], [frame])
                    for name, frame in zip(fleet.names, frames, strict=True)
                ]
                for answer in await store.appender.append_deliveries(deliveries):
                    if isinstance(answer, Exception):
                        raise answer
                clock.advance(INTERVAL_MS)
        nursery.cancel_scope.cancel()
    return store


def main(folder: str, hosts: str, series: str, ticks: str, begin_ms: str) -> None:
    """Feed, tell, and wait."""
    store = trio.run(feed, Path(folder), Fleet(int(hosts), int(series)), int(begin_ms), int(ticks))
    print("fed", store.statistics().log_bytes, flush=True)
    trio.run(trio.sleep_forever)


if __name__ == "__main__":
    main(*sys.argv[1:])
