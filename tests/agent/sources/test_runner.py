"""A source is collected at its ticks, within its time, and shared with a page that asks meanwhile."""

from itertools import pairwise

import trio
from trio.testing import MockClock

from vedette_agent.errors import CollectorError
from vedette_agent.sources.interface import Collection
from vedette_agent.sources.runner import SourceRunner
from vedette_shared.metrics import MetricFamily, gauge

EPOCH_MS = 1_700_000_000_000


class TrioClock:
    """Both clocks run with trio's; wall time can be stepped."""

    def __init__(self) -> None:
        self.stepped_ms = 0

    def now_ms(self) -> int:
        return EPOCH_MS + self.stepped_ms + round(trio.current_time() * 1000)

    def monotonic(self) -> float:
        return trio.current_time()


class FakeSource:
    name = job = "fake"
    on_demand = reports_up = True

    def __init__(self, takes: float = 0.0, error: str = "", interval_ms: int = 15_000) -> None:
        self.interval_ms = interval_ms
        self.timeout = 10.0
        self.takes = takes
        self.error = error
        self.calls = 0

    async def collect(self) -> list[MetricFamily]:
        self.calls += 1
        await trio.sleep(self.takes)
        if self.error:
            raise CollectorError(self.error)
        return [gauge("calls", "", float(self.calls))]

    def close(self) -> None:
        pass


async def ticks(source: FakeSource, seconds: float, clock: TrioClock, phase_ms: int = 5_000) -> list[Collection]:
    collections: list[Collection] = []
    runner = SourceRunner(source, clock, phase_ms, collections.append)
    with trio.move_on_after(seconds):
        await runner.run()
    return collections


def offsets(collections: list[Collection]) -> list[int]:
    return [collection.timestamp_ms - EPOCH_MS for collection in collections]


async def test_at_once_and_then_on_the_grid(autojump_clock: MockClock) -> None:
    # The epoch of the test is 5 s past a grid point of 15 s, so the grid of phase 5 s begins with it.
    phase = EPOCH_MS % 15_000 + 1_000
    collections = await ticks(FakeSource(), 50, TrioClock(), phase)
    assert offsets(collections) == [0, 16_000, 31_000, 46_000]


async def test_a_clock_step_makes_no_burst_and_no_gap(autojump_clock: MockClock) -> None:
    clock = TrioClock()
    collections: list[Collection] = []
    moments: list[float] = []

    def note(collection: Collection) -> None:
        collections.append(collection)
        moments.append(trio.current_time())

    runner = SourceRunner(FakeSource(), clock, EPOCH_MS % 15_000, note)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.run)
        for step in (3_600_000, -7_200_500, 4_000, -4_000):
            await trio.sleep(40)
            clock.stepped_ms += step
        await trio.sleep(40)
        nursery.cancel_scope.cancel()
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert min(gaps) >= 7.5
    assert max(gaps) <= 22.5


async def test_a_collection_that_takes_too_long_is_ended(autojump_clock: MockClock) -> None:
    collections = await ticks(FakeSource(takes=11), 20, TrioClock(), EPOCH_MS % 15_000)
    assert [(c.duration, list(c.families), c.error) for c in collections] == [(10.0, [], "not done after 10 s")]


async def test_one_that_takes_longer_than_its_interval_skips(autojump_clock: MockClock) -> None:
    collections = await ticks(FakeSource(takes=2.5, interval_ms=1_000), 10, TrioClock(), 0)
    assert offsets(collections) == [0, 3_000, 6_000]


async def test_a_failure_is_a_value(autojump_clock: MockClock) -> None:
    (collection,) = await ticks(FakeSource(error="no BMC"), 5, TrioClock())
    assert (list(collection.families), collection.error) == ([], "no BMC")


async def test_a_page_shares_what_is_fresh_or_under_way(autojump_clock: MockClock) -> None:
    source = FakeSource(takes=2)
    runner = SourceRunner(source, TrioClock(), 0)
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(runner.collect)
    assert source.calls == 1
    await runner.collect(max_age=5)
    assert source.calls == 1
    await trio.sleep(10)
    await runner.collect(max_age=5)
    assert source.calls == 2


async def test_two_collections_never_share_a_timestamp() -> None:
    class Frozen(TrioClock):
        def now_ms(self) -> int:
            return EPOCH_MS

    runner = SourceRunner(FakeSource(), Frozen(), 0)
    first, second = await runner.collect(), await runner.collect()
    assert second.timestamp_ms == first.timestamp_ms + 1
