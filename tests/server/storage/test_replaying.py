"""A store that is opened again is the store that it was, whatever came, in whatever order, however the log is cut."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.storage.support import NOW, Samples, read_all, run_store, to_frame, to_layout
from vedette_server.storage import SourceEnd, StorageOptions, Store
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp, Receipt
from vedette_shared.clock import ManualClock
from vedette_shared.frames import ABSENT, Sender, encode_target
from vedette_shared.labels import make_labels

LAYOUTS = [
    to_layout("load", "memory{free}", "memory{used}"),
    to_layout("load", "memory{free}", "swap"),
    to_layout("load", "load", "swap"),
    to_layout("uptime"),
]
TIMES = st.integers(0, 12).map(lambda step: NOW + 1000 * step)
VALUES = st.sampled_from([0.0, -0.0, 1.5, float("inf"), float("nan"), ABSENT])
HOSTS = st.sampled_from("ab")
KEPT = StorageOptions(waiting_heads=1 << 20, commit_delay_ms=0, retention_ms=0)
"""Nothing becomes a block until the store is opened again."""


@dataclass(frozen=True)
class Frames:
    """Frames of one sender in one append; sequence 0 has no number."""

    sender: str
    generation: int
    frames: tuple[tuple[int, int, str, int, str, tuple[float, float, float]], ...]

    async def __call__(self, store: Store) -> None:
        frames = [
            to_frame(sequence, time, host, LAYOUTS[layout], values[: len(LAYOUTS[layout])], source)
            for sequence, time, host, layout, source, values in self.frames
        ]
        await store.appender.append_frames(Sender(self.sender, self.generation), LAYOUTS, frames)


@dataclass(frozen=True)
class Steady:
    """Frames of one source that go on, as nearly all do."""

    host: str
    layout: int
    begin: int
    count: int

    async def __call__(self, store: Store) -> None:
        layout = LAYOUTS[self.layout]
        for i in range(self.count):
            frame = to_frame(100 * self.begin + i, NOW + 1000 * (self.begin + i), self.host, layout, [i] * len(layout))
            await store.appender.append_frames(Sender(self.host, 9), [layout], [frame])


@dataclass(frozen=True)
class Loose:
    """A loose sample of a series that frames may have as well."""

    host: str
    name: str
    time: int
    value: float

    async def __call__(self, store: Store) -> None:
        labels = make_labels(__name__=self.name, host=self.host, job="node")
        samples = LooseSamples(np.array([0]), np.array([self.time]), np.array([self.value]))
        await store.appender.append_samples([labels], samples)


@dataclass(frozen=True)
class Ends:
    """A source ends."""

    host: str
    time: int

    async def __call__(self, store: Store) -> None:
        target = encode_target(make_labels(host=self.host, job="node"))
        await store.appender.append_ends([SourceEnd(target, "node", self.time)])


@dataclass(frozen=True)
class Deletes:
    """Samples are deleted."""

    name: str
    start: int
    end: int

    async def __call__(self, store: Store) -> None:
        await store.delete([Matcher("__name__", MatchOp.EQUAL, self.name)], self.start, self.end)


@dataclass(frozen=True)
class Rolls:
    """A new segment begins."""

    async def __call__(self, store: Store) -> None:
        await store._appender.seal()


STEPS = st.lists(
    st.one_of(
        st.builds(
            Frames,
            HOSTS,
            st.integers(1, 2),
            st.lists(
                st.tuples(
                    st.integers(0, 8), TIMES, HOSTS, st.integers(0, 3), st.sampled_from(["node", "disk"]),
                    st.tuples(VALUES, VALUES, VALUES),
                ),
                min_size=1,
                max_size=3,
            ).map(tuple),
        ),
        st.builds(Steady, HOSTS, st.integers(0, 3), st.integers(1, 9), st.integers(1, 6)),
        st.builds(Loose, HOSTS, st.sampled_from(["load", "swap", "alone"]), TIMES, VALUES),
        st.builds(Ends, HOSTS, TIMES),
        st.builds(Deletes, st.sampled_from(["load", "swap", "alone"]), TIMES, TIMES),
        st.builds(Rolls),
    ),
    max_size=12,
)  # fmt: skip
OPTIONS = st.builds(
    StorageOptions,
    head_bytes=st.sampled_from([1, 200, 96 << 20]),
    waiting_heads=st.sampled_from([0, 1, 3]),
    retention_ms=st.just(0),
    commit_delay_ms=st.just(0),
)


@asynccontextmanager
async def log_only(path: Path, options: StorageOptions) -> AsyncIterator[Store]:
    """An open store that appends and cuts nothing. It ends as if it were killed: all that it has is on disk already."""
    store = Store.open(path, options, ManualClock(NOW))
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store._appender.run)
            yield store
            nursery.cancel_scope.cancel()
    finally:
        store.close()


def remembered(store: Store) -> tuple[dict[Any, Any], Any]:
    """What a store knows of senders and sources."""
    intake = store._intake
    sequences = {(agent, number): found for agent, number, found in intake.sequences.dump() if found}
    return sequences, sorted(intake.sources.dump())


def resident(store: Store) -> int:
    """Bytes of memory of the full heads."""
    return sum(sealed.head.resident for sealed in store._state.sealed)


async def replay(path: Path, steps: Sequence[Any], openings: Sequence[StorageOptions]) -> None:
    async with log_only(path, KEPT) as store:
        for step in steps:
            await step(store)
        before: Samples = read_all(store.querier)
        known = remembered(store)
    for options in openings:
        async with log_only(path, options) as store:
            assert read_all(store.querier) == before
            assert remembered(store) == known
            assert store.statistics().damaged == 0
            assert resident(store) <= options.waiting_heads * options.head_bytes


@settings(max_examples=30, deadline=None)
@given(STEPS, st.lists(OPTIONS, min_size=1, max_size=3))
def test_a_replayed_store_is_the_store_before(steps: Sequence[Any], openings: Sequence[StorageOptions]) -> None:
    """Changing layouts, late and repeated frames, loose samples, ends, deletions; cut at once, later or not at all."""
    with tempfile.TemporaryDirectory() as name:
        trio.run(replay, Path(name), steps, openings)


async def test_what_goes_on_is_replayed_as_it_was_taken(tmp_path: Path) -> None:
    """With a layout that changes under way, over two segments."""
    steps = [Steady("a", 0, 1, 5), Rolls(), Steady("a", 0, 6, 3), Steady("a", 1, 9, 3), Steady("b", 3, 1, 4)]
    await replay(tmp_path, steps, [KEPT, StorageOptions(retention_ms=0, head_bytes=1, waiting_heads=0)])


async def test_frames_of_the_log_are_not_taken_again(tmp_path: Path) -> None:
    frame = to_frame(1, NOW, "a", LAYOUTS[0], [1, 2, 3])
    async with log_only(tmp_path, KEPT) as store:
        await store.appender.append_frames(Sender("a", 1), LAYOUTS, [frame])
    async with log_only(tmp_path, KEPT) as store:
        assert await store.appender.append_frames(Sender("a", 1), [], [frame]) == Receipt(0, 3, 0, 0, 1)


TOO_OLD = NOW - 2 * 3_600_000
OLD_STEPS = {
    "frames": Frames("a", 1, ((2, TOO_OLD, "a", 0, "node", (1, 2, 3)), (3, NOW + 1, "a", 0, "node", (1, 2, 3)))),
    "a single frame": Frames("a", 1, ((2, TOO_OLD, "a", 0, "node", (1, 2, 3)),)),
    "a loose sample": Loose("a", "alone", TOO_OLD, 1.0),
    "an end": Ends("a", TOO_OLD),
}


@pytest.mark.parametrize("step", OLD_STEPS.values(), ids=OLD_STEPS)
async def test_what_was_too_old_stays_out(tmp_path: Path, step: Any) -> None:
    """It was refused, and is not in the log either."""
    options = replace(KEPT, retention_ms=3_600_000)
    async with log_only(tmp_path, options) as store:
        await Steady("a", 0, 1, 3)(store)
        await step(store)
        assert store.statistics().too_old == (0 if isinstance(step, Ends) else 1 if isinstance(step, Loose) else 3)
        before = read_all(store.querier)
    async with log_only(tmp_path, options) as store:
        assert read_all(store.querier) == before


@pytest.mark.parametrize("waiting", [0, 1, 3, 9])
async def test_full_heads_of_the_log_become_blocks_when_no_more_may_wait(tmp_path: Path, waiting: int) -> None:
    """The others are cut while the store serves."""
    async with log_only(tmp_path, KEPT) as store:
        for begin in (1, 3, 5, 7):
            await Steady("a", 0, begin, 2)(store)
            await Loose("a", "alone", NOW + begin, 1.0)(store)
            await Rolls()(store)
        before = read_all(store.querier)
    async with log_only(tmp_path, replace(KEPT, head_bytes=1)) as store:
        assert [len(store._state.sealed), *store.blocks()] == [4]
        one = max(sealed.head.resident for sealed in store._state.sealed)
    async with log_only(tmp_path, StorageOptions(head_bytes=one, waiting_heads=waiting, retention_ms=0)) as store:
        kept = len(store._state.sealed)
        assert kept <= waiting
        assert len(store.blocks()) == 4 - kept
        assert read_all(store.querier) == before


async def test_frames_of_the_log_take_no_memory(tmp_path: Path) -> None:
    """Their values are read in the log, however much there is, until the heads have become blocks."""
    layout = to_layout(*[f"metric{{{i}}}" for i in range(2000)])
    rows = [[float(i)] * len(layout) for i in range(12)]
    frames = [to_frame(i + 1, NOW + i, "a", layout, row) for i, row in enumerate(rows)]
    async with log_only(tmp_path, KEPT) as store:
        for i in range(0, len(frames), 4):
            await store.appender.append_frames(Sender("a", 1), [layout], frames[i : i + 4])
            await Rolls()(store)
        before = read_all(store.querier)
    options = StorageOptions(head_bytes=1 << 15, waiting_heads=3, retention_ms=0, commit_delay_ms=0)
    async with log_only(tmp_path, options) as store:
        heads = [sealed.head for sealed in store._state.sealed]
        first_row = 8 * len(layout)
        assert [head.samples for head in heads] == [4 * len(layout)] * 3
        assert all(first_row < head.resident < first_row + 4096 < 3 * first_row < head.size for head in heads)
        assert read_all(store.querier) == before
    async with run_store(tmp_path, ManualClock(NOW), options) as store:
        while len(store.blocks()) < 3:
            await trio.sleep(0.01)
        assert read_all(store.querier) == before


async def test_a_row_of_the_log_is_completed_by_a_late_frame(tmp_path: Path) -> None:
    """What the log's file has cannot be changed; what stands, stands."""
    layout = LAYOUTS[0]
    rows = [[1, 2, 3], [ABSENT, 5, ABSENT], [7, 8, 9]]
    frames = [to_frame(i + 1, NOW + i, "a", layout, row) for i, row in enumerate(rows)]
    async with log_only(tmp_path, KEPT) as store:
        await store.appender.append_frames(Sender("a", 1), [layout], frames)
    late = to_frame(9, NOW + 1, "a", layout, [4, 55, 6])
    whole = Receipt(stored=2, repeated=0, refused=1, too_old=0, highest_sequence=9)
    async with log_only(tmp_path, KEPT) as store:
        assert await store.appender.append_frames(Sender("a", 1), [], [late]) == whole
        completed = read_all(store.querier)
    async with log_only(tmp_path, KEPT) as store:
        assert read_all(store.querier) == completed
    values = sorted([np.int64(bits).view(np.float64) for bits in samples.values()] for samples in completed.values())
    assert values == [[1, 4, 7], [2, 5, 8], [3, 6, 9]]
