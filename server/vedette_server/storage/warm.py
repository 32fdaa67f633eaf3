"""Lets a small store do all that a large one does, so that its kernels are compiled before they are needed."""

from __future__ import annotations

import tempfile
import threading
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import trio

from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp
from vedette_server.storage.options import StorageOptions
from vedette_server.storage.store import Store
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Frame, Layout, Sender, encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, MetricType

_NOW = 1_700_000_000_000
_OPTIONS = StorageOptions(
    retention_ms=0, cut_after_ms=1, commit_delay_ms=0, windows_ms=(10_000, 50_000), maintenance_ms=10, cache_bytes=1
)
_EVERYTHING = (Matcher("__name__", MatchOp.NOT_EQUAL, ""),)
_FRAMES = 12
_FRAMES_A_BLOCK = 3
_PATIENCE_S = 300
_POLL_S = 0.02


def warm_up(stop: threading.Event | None = None) -> None:
    """Take in, cut, merge, delete and read in a folder of its own, which is removed.

    Its kernels run as Python where they are not compiled yet, and ``compiled.compile_wanted`` compiles them then.

    Args:
        stop: Set to make an early end of it.
    """
    stop = stop or threading.Event()
    with tempfile.TemporaryDirectory(prefix="vedette-") as folder:
        for part in range(2):
            if not stop.is_set():
                trio.run(_use, Path(folder), part, stop)


async def _use(folder: Path, part: int, stop: threading.Event) -> None:
    """Open the store and use it; the second part goes on from what the first left."""
    clock = ManualClock(_NOW + part * 100_000)
    store = Store.open(folder, _OPTIONS, clock)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            nursery.start_soon(_cancel_when, stop, nursery.cancel_scope)
            with trio.move_on_after(_PATIENCE_S):
                await _append(store, clock)
                _read(store)
                await store.delete([Matcher("__name__", MatchOp.EQUAL, "c")], 0, _NOW)
                clock.advance(100_000)
                await _until(lambda: store.statistics().merges > 0)
                await _append_late(store, 0)
                _read(store)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


async def _cancel_when(stop: threading.Event, scope: trio.CancelScope) -> None:
    await _until(stop.is_set)
    scope.cancel()


async def _append(store: Store, clock: ManualClock) -> None:
    """Frames of two hosts, which are not alike, in several blocks; loose and late samples between them."""
    layouts = [_layout("a", "b", "c"), _layout("b", "c")]
    for i in range(_FRAMES):
        cuts = store.statistics().cuts
        frames = [
            _frame(2 * i + j + 1, clock.now_ms(), host, layouts[j], [i * 0.25, float(i), 1.0])
            for j, host in enumerate("xy")
        ]
        await store.appender.append_frames(Sender("warm-up", clock.now_ms()), layouts, frames)
        await _append_late(store, i)
        clock.advance(1_000)
        if i % _FRAMES_A_BLOCK == 0:
            await _until(partial(_has_cut, store, cuts))


async def _append_late(store: Store, i: int) -> None:
    """Samples that are late and out of order, then the same and others for the same times; blocks overlap by them."""
    labels = [make_labels(__name__="loose", host=host) for host in "xy"]
    times = np.array([_NOW + 3_000 - 100 * i, _NOW + 3_000 + 100 * i], np.int64)
    for values in ([1.5, 2.5], [1.5, 3.5]):
        for series in ([0, 1], [1, 0]):
            await store.appender.append_samples(labels, LooseSamples(np.array(series), times, np.array(values)))


def _has_cut(store: Store, before: int) -> bool:
    return store.statistics().cuts > before


async def _until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 - neither the store nor other threads tell of it
        await trio.sleep(_POLL_S)


def _read(store: Store) -> None:
    for matchers in (_EVERYTHING, (*_EVERYTHING, Matcher("host", MatchOp.EQUAL, "x"))):
        for end in (_NOW + 2_500, 2**60):
            store.querier.select(matchers, 0, end)


def _layout(*names: str) -> Layout:
    families = [MetricFamily(name, MetricType.GAUGE, "") for name in names]
    for family in families:
        family.add(0.0)
    return layout_of(families)


def _frame(sequence: int, timestamp: int, host: str, layout: Layout, values: list[float]) -> Frame:
    target = encode_target(make_labels(host=host, job="warm-up"))
    return Frame(sequence, timestamp, target, "warm-up", layout.hash, array("d", values[: len(layout)]).tobytes())
