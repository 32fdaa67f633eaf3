"""Fills the log of a store with a fleet's samples, none of which become a block, in a process that is killed then."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import trio

from tests.bench.feed import slices
from tests.bench.fleet import INTERVAL_MS, Fleet
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import Delivery
from vedette_shared.clock import ManualClock
from vedette_shared.errors import VedetteError
from vedette_shared.frames import Sender

OPTIONS = StorageOptions(waiting_heads=1 << 20, commit_delay_ms=0)
"""Segments as long as a server's are, of which as many may wait as come."""


def fill_log(path: Path, fleet: Fleet, begin_ms: int, ticks: int) -> int:
    """Append ``ticks`` intervals of a fresh fleet; returns the bytes of the log.

    Raises:
        VedetteError: the process failed.
    """
    # A fork has the same fleet, whose page of metrics is another one in each process.
    context = multiprocessing.get_context("fork")
    told, tell = context.Pipe(duplex=False)
    process = context.Process(target=_feed, args=(tell, path, fleet, begin_ms, ticks))
    process.start()
    tell.close()
    try:
        return int(told.recv())
    except EOFError as error:
        raise VedetteError("the process that fills the log has failed") from error
    finally:
        process.kill()
        process.join()


def _feed(tell: Connection, path: Path, fleet: Fleet, begin_ms: int, ticks: int) -> None:
    store = trio.run(_append_all, path, fleet, begin_ms, ticks)
    tell.send(store.statistics().log_bytes)
    trio.run(trio.sleep_forever)


async def _append_all(path: Path, fleet: Fleet, begin_ms: int, ticks: int) -> Store:
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
