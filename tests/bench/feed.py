"""Feeds a fleet's samples to the peers by remote write, and to a store of Vedette as frames: the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import trio
from numpy.typing import NDArray

from tests.bench import remote_write
from tests.bench.fleet import INTERVAL_MS, Fleet
from vedette_server.storage import StorageOptions, Store
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Sender

TICKS_AT_ONCE = 20
HOSTS_AT_ONCE = 10
_SAMPLE_BYTES = 18
_VALUE_AT, _TIME_AT, _TIME_BYTES = 3, 12, 6


def slices(fleet: Fleet, begin_ms: int, ticks: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The samples of ``ticks`` intervals, some at once: times of shape (n,), values of shape (n, hosts, series)."""
    for first in range(0, ticks, TICKS_AT_ONCE):
        count = min(TICKS_AT_ONCE, ticks - first)
        times = begin_ms + INTERVAL_MS * np.arange(first, first + count, dtype=np.int64)
        yield times, np.stack([fleet.advance() for _ in range(count)])


class RemoteWriter:
    """Remote-write requests for a fleet. Their bytes are laid out once; then only values and times are filled in."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._layouts: dict[int, list[tuple[NDArray[np.uint8], NDArray[np.int64]]]] = {}

    def write(self, port: int, times: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Send one slice to the peer on ``port``."""
        count = len(times)
        if count not in self._layouts:
            self._layouts = {count: [self._layout(host, count) for host in range(len(self._fleet))]}
        for first in range(0, len(self._fleet), HOSTS_AT_ONCE):
            hosts = range(first, min(first + HOSTS_AT_ONCE, len(self._fleet)))
            remote_write.write(port, [self._filled(host, times, values) for host in hosts])

    def _layout(self, host: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The bytes of all series of a host, and where each one's samples begin."""
        nothing = np.zeros(count)
        series = [
            remote_write.encode_series(one, np.zeros(count, np.int64), nothing) for one in self._fleet.series(host)
        ]
        ends = np.cumsum([len(one) for one in series])
        return np.frombuffer(b"".join(series), np.uint8).copy(), ends - count * _SAMPLE_BYTES

    def _filled(self, host: int, times: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
        buffer, begins = self._layouts[len(times)][host]
        slots = begins[:, None] + _SAMPLE_BYTES * np.arange(len(times))
        own = np.ascontiguousarray(values[:, host, :].T)
        buffer[slots[..., None] + _VALUE_AT + np.arange(8)] = own.view(np.uint8).reshape(*own.shape, 8)
        places = np.arange(_TIME_BYTES)
        varints = (times[:, None] >> 7 * places & 0x7F) | np.where(places < _TIME_BYTES - 1, 0x80, 0)
        buffer[slots[..., None] + _TIME_AT + places] = varints.astype(np.uint8)
        return buffer.tobytes()


async def load_store(
    path: Path, fleet: Fleet, begin_ms: int, ticks: int, options: StorageOptions, *, done: Callable[[Store], bool]
) -> None:
    """Write a fleet's samples into a store, each host by a sender of its own, and wait until ``done``."""
    clock = ManualClock(begin_ms)
    store = Store.open(path, options, clock)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            tick = 0
            for times, values in slices(fleet, begin_ms, ticks):
                for time, one in zip(times.tolist(), values, strict=True):
                    tick += 1
                    await _append(store, fleet, tick, time, one)
                    clock.advance(INTERVAL_MS)
            while not done(store):
                clock.advance(3_600_000)
                await trio.sleep(0.2)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


async def _append(store: Store, fleet: Fleet, tick: int, time: int, values: NDArray[np.float64]) -> None:
    async def one(host: int) -> None:
        frame = fleet.frame(host, tick, time, values)
        await store.appender.append_frames(Sender(fleet.names[host], 1), [fleet.layout], [frame])

    async with trio.open_nursery() as nursery:
        for host in range(len(fleet)):
            nursery.start_soon(one, host)
