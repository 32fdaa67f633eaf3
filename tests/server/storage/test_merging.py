"""Any frames in, the same samples out: after every cut, merging and restart. And retention, and deletions."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import ABSENT, ABSENT_BITS, Sender
from vedette_shared.labels import Labels, make_labels

LAYOUTS = [
    to_layout("load", "memory{free}", "memory{used}"),
    to_layout("load", "swap"),
    to_layout("memory{used}", "swap", "memory{free}", "uptime"),
    to_layout("load"),
]
HOSTS = "abc"
WINDOWS = (10_000, 50_000)
OPTIONS = StorageOptions(commit_delay_ms=0, windows_ms=WINDOWS, retention_ms=0, cache_bytes=1)

doubles = st.one_of(
    st.integers(-5, 5).map(float),
    st.decimals(-1000, 1000, places=2).map(float),
    st.floats(width=64),
    st.just(ABSENT),
    st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]),
)
times = st.integers(0, 120).map(lambda second: NOW + 1000 * second)
frames = st.tuples(
    st.just("frame"),
    st.sampled_from(HOSTS),
    st.sampled_from(range(len(LAYOUTS))),
    times,
    st.lists(doubles, min_size=4, max_size=4),
)
loose = st.tuples(
    st.just("loose"),
    st.lists(
        st.tuples(st.sampled_from(HOSTS), st.sampled_from(["load", "swap", "other", "more"]), times, doubles),
        min_size=1,
        max_size=8,
    ),
)
steps = st.one_of(
    frames, frames, frames, loose, st.tuples(st.just("cut")), st.tuples(st.just("merge")), st.tuples(st.just("reopen"))
)


def bits(value: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", value))[0]


class Model:
    """A store as a dictionary. The first write stands."""

    def __init__(self) -> None:
        self.samples: Samples = {}

    def put(self, labels: Labels, time: int, value: float) -> None:
        if bits(value) != ABSENT_BITS:
            self.samples.setdefault(labels, {}).setdefault(time, bits(value))


def ordered(samples: Samples) -> Samples:
    return {labels: dict(sorted(times.items())) for labels, times in samples.items()}


async def play(path: Path, script: list[tuple]) -> None:
    clock = ManualClock(NOW)
    model = Model()
    sequence = 0
    remaining = list(script)
    while True:
        async with run_store(path, clock, OPTIONS) as store:
            assert read_all(store.querier) == ordered(model.samples)
            while remaining:
                kind, *rest = remaining.pop(0)
                if kind == "frame":
                    host, number, time, values = rest
                    layout = LAYOUTS[number]
                    values = values[: len(layout)]
                    sequence += 1
                    frame = to_frame(sequence, time, host, layout, values, source=f"s{number}")
                    await store.appender.append_frames(Sender("agent", 1), [layout], [frame])
                    for one, value in zip(layout.series, values, strict=True):
                        labels = make_labels([("__name__", one.name), *one.labels], host=host, job="node")
                        model.put(labels, time, value)
                elif kind == "loose":
                    labels = [make_labels(__name__=name, host=host, job="node") for host, name, _, _ in rest[0]]
                    columns = (
                        np.arange(len(labels)),
                        np.array([t for _, _, t, _ in rest[0]]),
                        [v for *_, v in rest[0]],
                    )
                    samples = LooseSamples(columns[0], columns[1], np.array(columns[2]))
                    await store.appender.append_samples(labels, samples)
                    for one, (_, _, time, value) in zip(labels, rest[0], strict=True):
                        model.put(one, time, value)
                elif kind == "cut":
                    await cut(store, clock)
                elif kind == "merge":
                    clock.advance(3_600_000)
                    await settle(store)
                else:
                    break
                assert read_all(store.querier) == ordered(model.samples)
            else:
                return


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=25))
def test_any_frames_in_the_same_samples_out(script: list[tuple]) -> None:
    """Compared after every step with a dictionary in which the first write stands, bit for bit."""
    with tempfile.TemporaryDirectory() as folder:
        trio.run(play, Path(folder), script)


async def fill(store: Store, clock: ManualClock, seconds: range, sender: str = "agent") -> None:
    """A frame a second of two hosts, cut every five seconds."""
    for second in seconds:
        frames = [
            to_frame(2 * second + i + 1, NOW + 1000 * second, host, LAYOUTS[0], [second, i, 0.5])
            for i, host in enumerate("ab")
        ]
        await store.appender.append_frames(Sender(sender, 1), [LAYOUTS[0]], frames)
        clock.advance(1000)
        if second % 5 == 4:
            await cut(store, clock)


async def test_blocks_are_merged_by_windows(tmp_path: Path, clock: ManualClock) -> None:
    """Small blocks become one for each short window, those one for each long one; nothing is lost on the way."""
    async with run_store(tmp_path, clock, OPTIONS) as store:
        await fill(store, clock, range(100))
        clock.advance(100_000)
        await settle(store)
        blocks = store._state.contents.blocks
        assert [block.meta.window for block in blocks] == [50_000, 50_000]
        assert sorted(path.name for path in (tmp_path / "blocks").iterdir()) == sorted(block.name for block in blocks)
        samples = read_all(store.querier)
        assert len(samples) == 6
        assert {len(times) for times in samples.values()} == {100}


async def test_late_samples_find_their_window(tmp_path: Path, clock: ManualClock) -> None:
    """What comes after its window was merged is merged with it later; the first write still stands."""
    async with run_store(tmp_path, clock, OPTIONS) as store:
        await fill(store, clock, range(50))
        clock.advance(100_000)
        await settle(store)
        late = [to_frame(1000 + i, NOW + 1000 * i + 500 * (i % 2), "a", LAYOUTS[0], [7, 7, 7]) for i in range(50)]
        await store.appender.append_frames(Sender("agent", 1), [], late)
        await cut(store, clock)
        clock.advance(100_000)
        await settle(store)
        assert [block.meta.window for block in store._state.contents.blocks] == [50_000]
        load = read_all(store.querier, Matcher("__name__", MatchOp.EQUAL, "load"), Matcher("host", MatchOp.EQUAL, "a"))
        (times,) = load.values()
        expected = {NOW + 1000 * i: bits(i) for i in range(50)} | {
            NOW + 1000 * i + 500: bits(7) for i in range(1, 50, 2)
        }
        assert times == dict(sorted(expected.items()))


async def test_retention_by_age(tmp_path: Path, clock: ManualClock) -> None:
    """Blocks whose last sample is too old are dropped; a clock that leaps ahead drops nothing."""
    options = StorageOptions(commit_delay_ms=0, windows_ms=WINDOWS, retention_ms=30_000)
    async with run_store(tmp_path, clock, options) as store:
        await fill(store, clock, range(100))
        await settle(store)
        (oldest,) = {min(times) for times in read_all(store.querier).values()}
        assert NOW + 50_000 <= oldest <= NOW + 70_000
        clock.step(10**9)
        await settle(store)
        assert {min(times) for times in read_all(store.querier).values()} == {oldest}
        await fill(store, clock, range(100, 101))
        assert {max(times) for times in read_all(store.querier).values()} == {NOW + 100_000}


async def test_retention_by_bytes(tmp_path: Path, clock: ManualClock) -> None:
    """The oldest blocks are dropped until the rest fits."""
    options = StorageOptions(commit_delay_ms=0, windows_ms=WINDOWS, retention_bytes=6000)
    async with run_store(tmp_path, clock, options) as store:
        await fill(store, clock, range(200))
        await settle(store)
        statistics = store.statistics()
        assert 0 < statistics.block_bytes <= 6000
        assert statistics.max_time_ms == NOW + 199_000


async def test_deleted_samples_are_gone_at_once_and_for_good(tmp_path: Path, clock: ManualClock) -> None:
    """From head and blocks, by time; what is written afterwards stays; the disk forgets them at merging."""
    matchers = [Matcher("host", MatchOp.EQUAL, "a"), Matcher("__name__", MatchOp.REGEX, "memory|nothing")]
    free = make_labels(__name__="memory", host="a", job="node", x="free")

    async with run_store(tmp_path, clock, OPTIONS) as store:
        await fill(store, clock, range(18))
        await store.delete(matchers, NOW + 3000, NOW + 16_000)
        await fill(store, clock, range(18, 20))
        late = to_frame(999, NOW + 20_000, "a", LAYOUTS[0], [1, 2, ABSENT])
        await store.appender.append_frames(Sender("agent", 1), [], [late])
        more = to_frame(1000, NOW + 20_000, "b", LAYOUTS[0], [1, 2, 3])
        await store.appender.append_frames(
            Sender("agent", 1), [], [more, to_frame(1001, NOW + 21_000, "b", LAYOUTS[0], [1, 2, 3])]
        )
        samples = read_all(store.querier)
        assert list(samples[free]) == [NOW + 1000 * s for s in range(20) if not 3 <= s <= 16] + [NOW + 20_000]
    async with run_store(tmp_path, clock, OPTIONS) as store:
        samples = read_all(store.querier)
        assert list(samples[free]) == [NOW + 1000 * s for s in range(20) if not 3 <= s <= 16] + [NOW + 20_000]
        await cut(store, clock)
        clock.advance(100_000)
        await settle(store)
        assert store._state.contents.deletions == ()
        assert read_all(store.querier) == samples


async def test_a_series_deleted_as_a_whole_is_not_listed(tmp_path: Path, clock: ManualClock) -> None:
    """Its labels are gone too, at once and after merging."""
    async with run_store(tmp_path, clock, OPTIONS) as store:
        await fill(store, clock, range(12))
        before = read_all(store.querier)
        await store.delete([Matcher("x", MatchOp.EQUAL, "free"), Matcher("host", MatchOp.EQUAL, "b")], 0, 2**60)
        await store.delete([Matcher("x", MatchOp.EQUAL, "used")], 0, 2**60)
        expected = {
            labels: times
            for labels, times in before.items()
            if dict(labels).get("x") != "used" and (dict(labels)["host"], dict(labels).get("x")) != ("b", "free")
        }
        assert len(expected) == 3
        assert read_all(store.querier) == expected
        assert store.querier.label_values("x", [], 0, 2**60) == ["free"]
        size = store.statistics().block_samples
        clock.advance(100_000)
        await settle(store)
        assert read_all(store.querier) == expected
        assert store.querier.label_values("x", [], 0, 2**60) == ["free"]
        assert store.statistics().block_samples < size
        await store.delete([Matcher("host", MatchOp.REGEX, ".+")], 0, 2**60)
        await settle(store)
        assert store.statistics().blocks == 0
        assert read_all(store.querier) == {}
