"""When scrapes happen, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np
import pytest
import trio
from trio.testing import MockClock

from vedette_server.scrape import ScrapeConfig
from vedette_server.scrape.feed import Feed, Item, Vector
from vedette_server.scrape.http import PageClient, RawPage
from vedette_server.scrape.loop import TargetLoop
from vedette_server.scrape.page import FormCache
from vedette_server.scrape.status import ScrapeCounters
from vedette_server.scrape.target import expand
from vedette_shared.config import Duration

INTERVAL = 10_000
START = 1_700_000_000_000


class _TrioClock:
    """Wall and monotonic time by the clock of trio; wall time with an offset."""

    offset_ms = 0

    def now_ms(self) -> int:
        return START + round(trio.current_time() * 1000) + self.offset_ms

    def monotonic(self) -> float:
        return trio.current_time()


class _Client:
    """Gives a page after some time."""

    takes_s = 0.0

    async def fetch(self) -> RawPage:
        await trio.sleep(self.takes_s)
        return RawPage(b"a 1\n", "text/plain", "")

    def close(self) -> None:
        pass


class _Feed:
    """Keeps what it is given."""

    takes_s = 0.0

    def __init__(self) -> None:
        self.vectors: list[Vector] = []

    async def put(self, items: Iterable[Item]) -> None:
        await trio.sleep(self.takes_s)
        self.vectors += [item for item in items if isinstance(item, Vector)]

    def times(self) -> list[int]:
        return [vector.timestamp for vector in self.vectors]


def _loop(feed: _Feed, clock: _TrioClock, client: _Client) -> TargetLoop:
    (target,) = expand([ScrapeConfig("node", ("a:1",), interval=Duration(INTERVAL))])
    loop = TargetLoop(target, cast("Feed", feed), clock, FormCache(), ScrapeCounters(), trio.CapacityLimiter(1))
    loop._client = cast("PageClient", client)
    return loop


async def _run(loop: TargetLoop, seconds: float) -> None:
    with trio.move_on_after(seconds):
        await loop.run()


async def test_scrapes_are_an_interval_apart_in_the_targets_own_slot(autojump_clock: MockClock) -> None:
    feed = _Feed()
    loop = _loop(feed, _TrioClock(), _Client())
    await _run(loop, 60)
    times = feed.times()
    assert len(times) == 6
    assert {time % INTERVAL for time in times} == {loop.target.offset_ms}
    assert set(np.diff(times).tolist()) == {INTERVAL}


@pytest.mark.parametrize(("late_ms", "distance"), [(0, 0), (2, 0), (-2, 0), (3, 3), (-3, -3)])
async def test_a_scrape_next_to_the_grid_is_put_on_it(autojump_clock: MockClock, late_ms: int, distance: int) -> None:
    """So that timestamps of a target are evenly spaced wherever that is nearly true."""
    clock = _TrioClock()
    feed = _Feed()
    loop = _loop(feed, clock, _Client())
    slot = loop.target.offset_ms
    clock.offset_ms = (slot + late_ms - clock.now_ms()) % INTERVAL
    await loop.scrape()
    (time,) = feed.times()
    assert (time - slot) % INTERVAL == distance % INTERVAL


async def test_a_scrape_beyond_its_timeout_fails_at_the_timeout(autojump_clock: MockClock) -> None:
    client = _Client()
    client.takes_s = 100
    feed = _Feed()
    loop = _loop(feed, _TrioClock(), client)
    await loop.scrape()
    assert trio.current_time() == pytest.approx(10)
    assert loop.status().last_error == "no whole page within 10 s"
    assert memoryview(feed.vectors[0].values).cast("d")[1] == pytest.approx(10)


async def test_a_turn_that_a_slow_store_used_up_is_left_out(autojump_clock: MockClock) -> None:
    feed = _Feed()
    loop = _loop(feed, _TrioClock(), _Client())
    feed.takes_s = 12
    await _run(loop, 95)
    times = feed.times()
    assert set(np.diff(times).tolist()) == {2 * INTERVAL}
    assert loop._counters.skipped >= len(times) - 1


async def test_no_two_scrapes_bear_one_timestamp(autojump_clock: MockClock) -> None:
    feed = _Feed()
    loop = _loop(feed, _TrioClock(), _Client())
    await loop.scrape()
    await loop.scrape()
    first, second = feed.times()
    assert second == first + 1
