"""A source is collected at its ticks, within its time, and shared with a page that asks meanwhile."""

from functools import partial
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from vedette_agent.errors import CollectorError
from vedette_agent.sources.interface import Collection, PlainSource
from vedette_agent.sources.limits import SourceLimits
from vedette_agent.sources.runner import SourceRunner
from vedette_shared.events import Event, Severity
from vedette_shared.metrics import MetricFamily, gauge

LIMITS = SourceLimits(series=100)
EPOCH_MS = 1_700_000_000_000


class TrioClock:
    """Both clocks run with trio's; wall time can be stepped."""

    def __init__(self) -> None:
        self.stepped_ms = 0

    def now_ms(self) -> int:
        return EPOCH_MS + self.stepped_ms + round(trio.current_time() * 1000)

    def monotonic(self) -> float:
        return trio.current_time()


class FakeSource(PlainSource):
    name = job = "fake"
    reports_up = True
    timeout = 10.0

    def __init__(self, takes: float = 0.0, error: str = "", interval_ms: int = 15_000, series: int = 1) -> None:
        super().__init__()
        self.interval_ms = interval_ms
        self.takes = takes
        self.error = error
        self.series = series
        self.calls = 0
        self.cpu_each = 0.0
        self.closed = False
        self.kept = 0

    async def collect(self) -> list[MetricFamily]:
        self.calls += 1
        await trio.sleep(self.takes)
        if self.error:
            raise CollectorError(self.error)
        return [gauge("calls", "", float(self.calls))] * self.series

    def take_events(self) -> list[Event]:
        return [Event(EPOCH_MS, "fake", Severity.INFO, f"call {self.calls}", labels={"of": "a test"})]

    def events_kept(self) -> None:
        self.kept = self.calls

    def cpu_seconds(self) -> float:
        return self.calls * self.cpu_each

    def close(self) -> None:
        self.closed = True


async def ticks(source: FakeSource, seconds: float, clock: TrioClock, phase_ms: int = 5_000) -> list[Collection]:
    collections: list[Collection] = []
    runner = SourceRunner(source, clock, phase_ms, collections.append, LIMITS)
    with trio.move_on_after(seconds):
        await runner.run()
    assert source.closed
    return collections


async def test_events_of_collections_for_a_page_go_with_the_next_tick(autojump_clock: MockClock) -> None:
    published: list[Collection] = []
    runner = SourceRunner(FakeSource(error="down"), TrioClock(), EPOCH_MS % 15_000, published.append, LIMITS)
    async with trio.open_nursery() as nursery:
        await nursery.start(runner.run)
        await trio.sleep(5)
        await runner.fresh(0, 1)
        await trio.sleep(20)
        nursery.cancel_scope.cancel()
    assert [[event.text for event in collection.events] for collection in published] == [
        ["call 1"],
        ["call 2", "call 3"],
    ]


async def test_events_are_kept_when_they_are_published(autojump_clock: MockClock) -> None:
    """Not before: a collection for a page keeps nothing."""
    source = FakeSource()
    kept_at_publication: list[int] = []

    def note(collection: Collection) -> None:
        kept_at_publication.append(source.kept)

    runner = SourceRunner(source, TrioClock(), EPOCH_MS % 15_000, note, LIMITS)
    async with trio.open_nursery() as nursery:
        await nursery.start(runner.run)
        await trio.sleep(5)
        await runner.fresh(0, 1)
        await trio.sleep(20)
        nursery.cancel_scope.cancel()
    assert (kept_at_publication, source.kept) == ([0, 1], 3)


async def test_published_events_are_settled_before_they_are_kept(autojump_clock: MockClock) -> None:
    """So that a power cut cannot take what the source then holds for told."""
    source = FakeSource()
    steps: list[tuple[str, int]] = []

    async def settle() -> None:
        steps.append(("settled", source.kept))
        await trio.sleep(1)

    def note(collection: Collection) -> None:
        steps.append((f"published {len(collection.events)}", source.kept))

    runner = SourceRunner(source, TrioClock(), EPOCH_MS % 15_000, note, LIMITS, settle)
    with trio.move_on_after(20):
        await runner.run()
    assert steps == [("published 1", 0), ("settled", 0), ("published 1", 1), ("settled", 1)]


async def test_without_a_push_the_log_has_the_events(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    source = FakeSource()
    runner = SourceRunner(source, TrioClock(), 0, ignore, LIMITS)
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(runner.run, ticking=False))
        await runner.fresh(0, 1)
        await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    (told,) = (record for record in caplog.records if record.getMessage() == "call 1")
    assert told.fields == {"event_time": EPOCH_MS, "source": "fake", "severity": "info", "of": "a test"}
    assert source.kept == 1


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

    runner = SourceRunner(FakeSource(), clock, EPOCH_MS % 15_000, note, LIMITS)
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


async def test_too_many_series_are_a_failure(autojump_clock: MockClock) -> None:
    source = FakeSource(series=101)
    runner = SourceRunner(source, TrioClock(), 0, ignore, LIMITS)
    collection = await runner.collect()
    assert (list(collection.families), collection.error) == ([], "101 series; a source may have 100")
    assert runner.counters.limited == {"series": 1, "cpu": 0}


async def test_one_that_keeps_failing_is_tried_less_often_and_told_down_all_the_while(
    autojump_clock: MockClock,
) -> None:
    source = FakeSource(error="no BMC")
    collections = await ticks(source, 15 * 60, TrioClock(), EPOCH_MS % 15_000)
    assert len(collections) == 60
    assert {collection.error for collection in collections} == {"no BMC"}
    assert source.calls == 3 + 4
    source.error = ""


async def test_one_that_works_again_is_back_at_its_interval(autojump_clock: MockClock) -> None:
    source = FakeSource(error="no BMC")
    collections: list[Collection] = []
    runner = SourceRunner(source, TrioClock(), EPOCH_MS % 15_000, collections.append, LIMITS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.run)
        await trio.sleep(100)
        source.error = ""
        await trio.sleep(100)
        collections.clear()
        await trio.sleep(60)
        nursery.cancel_scope.cancel()
    assert [collection.error for collection in collections] == [""] * 4


async def test_one_that_uses_too_much_cpu_is_collected_less_often(autojump_clock: MockClock) -> None:
    source = FakeSource()
    source.cpu_each = 6.0
    runner = SourceRunner(source, TrioClock(), EPOCH_MS % 15_000, ignore, LIMITS)
    with trio.move_on_after(15 * 40):
        await runner.run()
    assert source.calls == 20
    assert runner.counters.limited["cpu"] == 20


def ignore(collection: Collection) -> None:
    pass


async def test_a_page_shares_what_is_fresh_or_under_way(autojump_clock: MockClock) -> None:
    source = FakeSource(takes=2)
    runner = SourceRunner(source, TrioClock(), 0, ignore)
    answers: list[Collection | None] = []

    async def ask() -> None:
        answers.append(await runner.fresh(1, 5))

    async with trio.open_nursery() as outer:
        await outer.start(partial(runner.run, ticking=False))
        await trio.sleep(30)
        assert source.calls == 0
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask)
        assert source.calls == 1
        assert answers == [runner.latest] * 3
        assert await runner.fresh(5, 5) is runner.latest
        await trio.sleep(10)
        before = runner.latest
        assert await runner.fresh(5, 5) is not before
        assert source.calls == 2
        outer.cancel_scope.cancel()


async def test_a_page_does_not_wait_for_a_slow_one_for_long(autojump_clock: MockClock) -> None:
    source = FakeSource()
    runner = SourceRunner(source, TrioClock(), 0, ignore)
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(runner.run, ticking=False))
        first = await runner.fresh(1, 3)
        source.takes = 9
        await trio.sleep(60)
        start = trio.current_time()
        assert await runner.fresh(1, 3) is first
        assert trio.current_time() - start == 3
        assert runner.age < 10
        nursery.cancel_scope.cancel()


async def test_two_collections_never_share_a_timestamp() -> None:
    class Frozen(TrioClock):
        def now_ms(self) -> int:
            return EPOCH_MS

    runner = SourceRunner(FakeSource(), Frozen(), 0, ignore)
    first, second = await runner.collect(), await runner.collect()
    assert second.timestamp_ms == first.timestamp_ms + 1
