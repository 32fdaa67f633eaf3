"""What the tests of the store share: building frames, and reading everything back as plain values."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import trio

from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import Matcher, Querier, SeriesSet
from vedette_shared.clock import ManualClock
from vedette_shared.frames import ABSENT_BITS, Frame, Layout, encode_target, layout_of
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType

NOW = 1_700_000_000_000

Samples = dict[Labels, dict[int, int]]
"""For each label set, the bits of the value at each timestamp."""


def to_layout(*names: str) -> Layout:
    """A layout of gauges; ``name{label}`` has a label ``x`` with that value."""
    families = []
    for name in names:
        metric, _, label = name.rstrip("}").partition("{")
        family = MetricFamily(metric, MetricType.GAUGE, f"help of {metric}")
        family.add(0.0, make_labels(x=label))
        families.append(family)
    return layout_of(families)


def to_frame(
    sequence: int, timestamp: int, host: str, layout: Layout, values: Sequence[float], source: str = "node"
) -> Frame:
    """A frame of the target ``{host, job="node"}``."""
    target = encode_target(make_labels(host=host, job="node"))
    return Frame(sequence, timestamp, target, source, layout.hash, array("d", values).tobytes())


def to_samples(found: SeriesSet) -> Samples:
    """What a series set says, checked for its invariants."""
    result: Samples = {}
    bits = found.values.view(np.uint64)
    for i in range(len(found)):
        count = int(found.offsets[i + 1] - found.offsets[i])
        times = found.timestamps[found.clocks[i] : found.clocks[i] + count]
        own = bits[found.offsets[i] : found.offsets[i + 1]]
        assert count > 0
        assert (np.diff(times) > 0).all()
        assert not (own == ABSENT_BITS).any()
        labels = found.labels.labels(i)
        assert labels not in result
        result[labels] = dict(zip(times.tolist(), own.tolist(), strict=True))
    return result


def read_all(querier: Querier, *matchers: Matcher, start: int = 0, end: int = 2**60) -> Samples:
    """All samples of the series that match."""
    return to_samples(querier.select(matchers, start, end))


@asynccontextmanager
async def run_store(path: Path, clock: ManualClock, options: StorageOptions | None = None) -> AsyncIterator[Store]:
    """An open, running store."""
    store = Store.open(path, options or StorageOptions(commit_delay_ms=0), clock)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            yield store
            nursery.cancel_scope.cancel()
    finally:
        store.close()


async def cut(store: Store, clock: ManualClock) -> None:
    """Let the head become a block."""
    clock.advance(3_600_000)
    clock.step(-3_600_000)
    await settle(store)


async def settle(store: Store) -> None:
    """Let all be cut, merged and dropped that is due."""
    done = store._state.round_done
    store._state.work.set()
    with trio.fail_after(240):
        await done.wait()
