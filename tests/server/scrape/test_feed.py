"""What the scraper hands to the store, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import trio
from trio.testing import MockClock

from vedette_server.scrape.feed import LINGER_S, QUEUE, SOURCE, Feed, Loose, Vector
from vedette_server.scrape.status import ScrapeCounters
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import LooseSamples, Receipt, SourceEnd
from vedette_shared.frames import Frame, Layout, Sender, encode_target, layout_of
from vedette_shared.labels import Labels
from vedette_shared.metrics import gauge

LAYOUT = layout_of([gauge("a", "", 1)])
TARGET = encode_target((("host", "h"),))


class _Store:
    """Notes each append as (time, what)."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Any]] = []
        self.takes_s = 0.0
        self.fails = False

    def unknown_layouts(self, hashes: Sequence[bytes]) -> list[bytes]:
        return list(hashes) if not self.calls else []

    async def append_frames(self, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> Receipt:
        return await self._note([(len(layouts), frame.sequence, frame.timestamp) for frame in frames])

    async def append_samples(self, labels: Sequence[Labels], samples: LooseSamples) -> Receipt:
        return await self._note(labels)

    async def append_ends(self, ends: Sequence[SourceEnd]) -> Receipt:
        return await self._note([(end.target, end.timestamp) for end in ends])

    async def _note(self, what: Any) -> Receipt:
        await trio.sleep(self.takes_s)
        if self.fails:
            raise StorageError("no")
        self.calls.append((trio.current_time(), what))
        return Receipt(len(what), 0, 0, 0, 0)


def _vector(timestamp: int) -> Vector:
    return Vector(TARGET, timestamp, LAYOUT, bytes(8))


async def test_what_comes_within_a_moment_is_one_append_in_order(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    store, counters = _Store(), ScrapeCounters()
    feed = Feed(store, counters)
    await nursery.start(feed.run)
    loose = Loose([(("a", "b"),)], LooseSamples(np.array([0]), np.array([7]), np.array([1.0])))
    await feed.put([_vector(1), _vector(2)])
    await feed.put([SourceEnd(TARGET, SOURCE, 3), loose])
    await feed.put([_vector(4)])
    await trio.sleep(10)
    await feed.put([_vector(5)])
    await trio.sleep(10)
    assert store.calls == [
        (LINGER_S, [(1, 1, 1), (1, 2, 2)]),
        (LINGER_S, [(TARGET, 3)]),
        (LINGER_S, [(("a", "b"),)]),
        (LINGER_S, [(0, 3, 4)]),
        (10 + LINGER_S, [(0, 4, 5)]),
    ]
    assert counters.samples == 6


async def test_a_store_that_hangs_makes_the_scrapes_wait(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    store = _Store()
    store.takes_s = 1000
    feed = Feed(store, ScrapeCounters())
    await nursery.start(feed.run)
    await feed.put([_vector(1)])
    await trio.sleep(1)
    await feed.put([_vector(2)] * QUEUE)
    with trio.move_on_after(10) as scope:
        await feed.put([_vector(3)])
    assert scope.cancelled_caught


async def test_what_the_store_refuses_is_counted(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    store, counters = _Store(), ScrapeCounters()
    store.fails = True
    feed = Feed(store, counters)
    await nursery.start(feed.run)
    await feed.put([_vector(1)])
    await trio.sleep(1)
    store.fails = False
    await feed.put([_vector(2)])
    await trio.sleep(1)
    assert [what for _, what in store.calls] == [[(1, 2, 2)]]
    assert counters.not_stored == 1


async def test_what_waits_at_the_end_is_stored(autojump_clock: MockClock) -> None:
    store = _Store()
    feed = Feed(store, ScrapeCounters())
    async with trio.open_nursery() as nursery:
        await nursery.start(feed.run)
        await feed.put([_vector(1)])
        await trio.sleep(LINGER_S / 2)
        await feed.put([_vector(2)])
        nursery.cancel_scope.cancel()
    assert [what for _, what in store.calls] == [[(1, 1, 1), (1, 2, 2)]]
