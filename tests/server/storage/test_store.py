"""The store as its users see it: what was appended is read, at once and after every change of its form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, to_frame, to_layout
from vedette_server.storage import SourceEnd, StorageError, StorageOptions, Store
from vedette_server.storage.errors import TooManySamplesError
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp, Receipt, SelectHints
from vedette_shared.clock import ManualClock
from vedette_shared.errors import FrameError
from vedette_shared.frames import ABSENT, STALE_BITS, Frame, Sender, encode_target
from vedette_shared.labels import Labels, make_labels

SENDER = Sender("agent-1", 7)
ONE = to_layout("load", "memory{free}", "memory{used}")
TWO = to_layout("load", "memory{free}", "swap")


def series(name: str, host: str, x: str = "") -> Labels:
    return make_labels(__name__=name, host=host, job="node", x=x)


def bits(value: float) -> int:
    return int(np.float64(value).view(np.uint64))


def doubles(samples: Samples) -> dict[Labels, dict[int, float]]:
    """Samples with times relative to ``NOW`` and values as floats."""
    return {
        labels: {time - NOW: float(np.uint64(value).view(np.float64)) for time, value in times.items()}
        for labels, times in samples.items()
    }


async def test_appended_frames_are_read_at_once(tmp_path: Path, clock: ManualClock) -> None:
    """A frame is seen as soon as its append returns."""
    async with run_store(tmp_path, clock) as store:
        receipt = await store.appender.append_frames(SENDER, [ONE], [to_frame(1, NOW, "a", ONE, [1, 2, 3])])
        assert receipt == Receipt(3, 0, 0, 0, 1)
        assert doubles(read_all(store.querier)) == {
            series("load", "a"): {0: 1.0},
            series("memory", "a", "free"): {0: 2.0},
            series("memory", "a", "used"): {0: 3.0},
        }


async def test_samples_survive_blocks_and_restarts(tmp_path: Path, clock: ManualClock) -> None:
    """Head, block and log give the same samples."""
    async with run_store(tmp_path, clock) as store:
        for i in range(4):
            frames = [
                to_frame(2 * i + k + 1, NOW + 1000 * i, host, ONE, [i, k, 0.1 * i]) for k, host in enumerate("ab")
            ]
            await store.appender.append_frames(SENDER, [ONE], frames)
            if i == 1:
                await cut(store, clock)
        before = read_all(store.querier)
        assert len(before) == 6
        assert {len(times) for times in before.values()} == {4}
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == before
        await cut(store, clock)
        assert read_all(store.querier) == before
        assert store.statistics().head_samples == 0
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == before


async def test_a_repeated_frame_is_acknowledged_and_not_stored_twice(tmp_path: Path, clock: ManualClock) -> None:
    """The sequences are remembered in the log, in the checkpoint, and after a restart."""
    frame = to_frame(5, NOW, "a", ONE, [1, 2, ABSENT])
    async with run_store(tmp_path, clock) as store:
        assert (await store.appender.append_frames(SENDER, [ONE], [frame])).stored == 2
        assert await store.appender.append_frames(SENDER, [], [frame]) == Receipt(0, 2, 0, 0, 5)
    async with run_store(tmp_path, clock) as store:
        assert await store.appender.append_frames(SENDER, [], [frame]) == Receipt(0, 2, 0, 0, 5)
        await cut(store, clock)
    async with run_store(tmp_path, clock) as store:
        assert await store.appender.append_frames(SENDER, [], [frame]) == Receipt(0, 2, 0, 0, 5)
        assert (await store.appender.append_frames(Sender("agent-1", 8), [], [frame])).highest_sequence == 5
        assert {len(times) for times in read_all(store.querier).values()} == {1}


async def test_layouts_outlive_their_segment(tmp_path: Path, clock: ManualClock) -> None:
    """A layout is asked for once."""
    async with run_store(tmp_path, clock) as store:
        assert store.appender.unknown_layouts([ONE.hash, TWO.hash]) == [ONE.hash, TWO.hash]
        await store.appender.append_frames(SENDER, [ONE], [to_frame(1, NOW, "a", ONE, [1, 2, 3])])
        await cut(store, clock)
    for _ in range(2):
        async with run_store(tmp_path, clock) as store:
            assert store.appender.unknown_layouts([ONE.hash, TWO.hash]) == [TWO.hash]
            assert store.metadata()["load"].help == "help of load"


async def test_the_first_write_stands(tmp_path: Path, clock: ManualClock) -> None:
    """For one timestamp, the same value is a repetition and another one is refused; what was absent is filled in."""
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [ONE], [to_frame(1, NOW, "a", ONE, [1, 2, ABSENT])])
        receipt = await store.appender.append_frames(SENDER, [], [to_frame(2, NOW, "a", ONE, [1, 5, 6])])
        assert receipt == Receipt(1, 1, 1, 0, 2)
        labels = [series("load", "a"), series("load", "b")]
        loose = LooseSamples(np.array([0, 1, 1]), np.full(3, NOW), np.array([9.0, 3.0, 4.0]))
        assert await store.appender.append_samples(labels, loose) == Receipt(1, 0, 2, 0, 0)
        expected = {
            series("load", "a"): {0: 1.0},
            series("load", "b"): {0: 3.0},
            series("memory", "a", "free"): {0: 2.0},
            series("memory", "a", "used"): {0: 6.0},
        }
        assert doubles(read_all(store.querier)) == expected
        await cut(store, clock)
        loose = LooseSamples(np.array([0, 1, 0]), np.array([NOW, NOW, NOW + 1]), np.array([9.0, 3.0, 4.0]))
        assert await store.appender.append_samples(labels, loose) == Receipt(1, 1, 1, 0, 0)
        frame = to_frame(3, NOW, "a", ONE, [1, ABSENT, 7])
        assert await store.appender.append_frames(SENDER, [], [frame]) == Receipt(0, 1, 1, 0, 3)
        expected[series("load", "a")] = {0: 1.0, 1: 4.0}
        assert doubles(read_all(store.querier)) == expected
        await cut(store, clock)
        assert doubles(read_all(store.querier)) == expected
    async with run_store(tmp_path, clock) as store:
        frame = to_frame(4, NOW, "b", TWO, [5, 6, ABSENT])
        assert await store.appender.append_frames(SENDER, [TWO], [frame]) == Receipt(1, 0, 1, 0, 4)
        expected[series("memory", "b", "free")] = {0: 6.0}
        assert doubles(read_all(store.querier)) == expected


async def test_frames_out_of_order_are_read_in_order(tmp_path: Path, clock: ManualClock) -> None:
    """What an agent sends late takes its place among what came before it."""
    async with run_store(tmp_path, clock) as store:
        times = [10, 3, 7, 1, 12, 2]
        for i, time in enumerate(times):
            frames = [to_frame(i + 1, NOW + time, "a", ONE, [time, ABSENT if time % 2 else 0, 1])]
            await store.appender.append_frames(SENDER, [ONE], frames)
            if i == 3:
                await cut(store, clock)
        expected = {
            series("load", "a"): {time: float(time) for time in sorted(times)},
            series("memory", "a", "free"): {time: 0.0 for time in sorted(times) if time % 2 == 0},
            series("memory", "a", "used"): dict.fromkeys(sorted(times), 1.0),
        }
        assert doubles(read_all(store.querier)) == expected
        await cut(store, clock)
        assert doubles(read_all(store.querier)) == expected


async def test_series_that_leave_the_layout_go_stale(tmp_path: Path, clock: ManualClock) -> None:
    """The marker stands at the first timestamp without the series; what stays has none, what comes begins."""
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [ONE], [to_frame(1, NOW, "a", ONE, [1, 2, 3])])
        await cut(store, clock)
        await store.appender.append_frames(SENDER, [TWO], [to_frame(2, NOW + 10, "a", TWO, [4, 5, 6])])
        other = to_frame(3, NOW + 10, "a", TWO, [7, 8, 9], source="other")
        await store.appender.append_frames(SENDER, [], [other])
        expected = {
            series("load", "a"): {NOW: bits(1), NOW + 10: bits(4)},
            series("memory", "a", "free"): {NOW: bits(2), NOW + 10: bits(5)},
            series("memory", "a", "used"): {NOW: bits(3), NOW + 10: STALE_BITS},
            series("swap", "a"): {NOW + 10: bits(6)},
        }
        assert read_all(store.querier) == expected
        await cut(store, clock)
        assert read_all(store.querier) == expected
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == expected


async def test_a_source_that_ends_goes_stale_as_a_whole(tmp_path: Path, clock: ManualClock) -> None:
    """Once, however often its end is told; a new report begins anew."""
    end = SourceEnd(encode_target(make_labels(host="a", job="node")), "node", NOW + 5)
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [ONE], [to_frame(1, NOW, "a", ONE, [1, 2, 3])])
        await store.appender.append_ends([end])
        await store.appender.append_ends([SourceEnd(end.target, end.source, NOW + 6)])
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [], [to_frame(2, NOW + 10, "a", ONE, [1, 2, 3])])
        assert read_all(store.querier)[series("load", "a")] == {NOW: bits(1), NOW + 5: STALE_BITS, NOW + 10: bits(1)}


async def test_the_same_series_is_one_however_it_came(tmp_path: Path, clock: ManualClock) -> None:
    """A label set is the same series whether its labels belong to the target or to the sample."""
    async with run_store(tmp_path, clock) as store:
        labels = make_labels(__name__="load", host="a", job="node", rack="r1")
        await store.appender.append_samples([labels], LooseSamples(np.array([0]), np.array([NOW]), np.array([1.0])))
        layout = to_layout("load", "free")
        target = encode_target(make_labels(host="a", job="node", rack="r1"))
        frame = Frame(1, NOW + 5, target, "node", layout.hash, np.array([2.0, 3.0]).tobytes())
        await store.appender.append_frames(SENDER, [layout], [frame])
        await store.appender.append_samples([labels], LooseSamples(np.array([0]), np.array([NOW + 9]), np.array([4.0])))
        expected = {0: 1.0, 5: 2.0, 9: 4.0}
        assert doubles(read_all(store.querier))[labels] == expected
        await cut(store, clock)
        assert doubles(read_all(store.querier))[labels] == expected


async def test_a_label_of_target_and_series_is_renamed(tmp_path: Path, clock: ManualClock) -> None:
    """As Prometheus does: the target's label keeps its name."""
    layout = to_layout("load{7}")
    frame = Frame(
        1, NOW, encode_target(make_labels(host="a", x="mine")), "node", layout.hash, np.array([2.0]).tobytes()
    )
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [layout], [frame])
        assert list(read_all(store.querier)) == [make_labels(__name__="load", exported_x="7", host="a", x="mine")]


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        ([("__name__", "=", "load")], {"load a", "load b"}),
        ([("host", "=", "a")], {"load a", "memory a free", "memory a used"}),
        ([("host", "!=", "a")], {"load b", "memory b free", "memory b used"}),
        ([("host", "=~", "a|c"), ("x", "=~", "u.*")], {"memory a used"}),
        ([("x", "=", "")], {"load a", "load b"}),
        ([("x", "!=", "")], {"memory a free", "memory b free", "memory a used", "memory b used"}),
        ([("x", "!~", "free|"), ("host", "=~", "[b-z]")], {"memory b used"}),
        ([("absent", "=", "x")], set()),
        ([("absent", "!=", "x"), ("__name__", "=~", "lo.+")], {"load a", "load b"}),
        ([("__name__", "!~", "load"), ("host", "!~", "b.*")], {"memory a free", "memory a used"}),
    ],
)
async def test_matchers(
    tmp_path: Path, clock: ManualClock, matchers: list[tuple[str, str, str]], expected: set[str]
) -> None:
    """A missing label is an empty one; regular expressions are anchored."""
    async with run_store(tmp_path, clock) as store:
        frames = [to_frame(i + 1, NOW, host, ONE, [1, 2, 3]) for i, host in enumerate("ab")]
        await store.appender.append_frames(SENDER, [ONE], frames)
        wanted = [Matcher(name, MatchOp(op), value) for name, op, value in matchers]
        found = store.querier.series(wanted, 0, 2**60)
        names = [dict(found.labels(i)) for i in range(len(found))]
        assert {f"{n['__name__']} {n['host']} {n.get('x', '')}".strip() for n in names} == expected
        assert set(read_all(store.querier, *wanted)) == {found.labels(i) for i in range(len(found))}


async def test_a_matcher_may_be_met_on_either_side(tmp_path: Path, clock: ManualClock) -> None:
    """``x`` belongs to one target and to some series of others."""
    async with run_store(tmp_path, clock) as store:
        plain = to_layout("up")
        target = encode_target(make_labels(host="c", x="free"))
        frames = [to_frame(1, NOW, "a", ONE, [1, 2, 3]), Frame(2, NOW, target, "s", plain.hash, np.ones(1).tobytes())]
        await store.appender.append_frames(SENDER, [ONE, plain], frames)
        found = read_all(store.querier, Matcher("x", MatchOp.EQUAL, "free"))
        assert set(found) == {series("memory", "a", "free"), make_labels(__name__="up", host="c", x="free")}
        names, values = store.querier.series([], 0, 2**60).column("x")
        assert sorted(values[code] for code in names.tolist()) == ["", "free", "free", "used"]


async def test_names_values_and_limits(tmp_path: Path, clock: ManualClock) -> None:
    """Label names and values of what matches; a query that would load too much is refused."""
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [ONE], [to_frame(1, NOW, "a", ONE, [1, 2, 3])])
        only = [Matcher("__name__", MatchOp.EQUAL, "load")]
        assert store.querier.label_names([], 0, 2**60) == ["__name__", "host", "job", "x"]
        assert store.querier.label_names(only, 0, 2**60) == ["__name__", "host", "job"]
        assert store.querier.label_values("x", [], 0, 2**60) == ["free", "used"]
        assert store.querier.label_values("x", [], 0, NOW - 1) == []
        with pytest.raises(TooManySamplesError):
            store.querier.select([], 0, 2**60, SelectHints(limit=2))
        assert len(store.querier.select([], 0, 2**60, SelectHints(limit=3))) == 3


async def test_a_frame_that_cannot_be_taken_is_refused_whole(tmp_path: Path, clock: ManualClock) -> None:
    """Nothing of the message is stored."""
    good = to_frame(1, NOW, "a", ONE, [1, 2, 3])
    async with run_store(tmp_path, clock) as store:
        for bad, words in [
            (to_frame(2, NOW, "a", ONE, [1, 2]), "not as many values"),
            (to_frame(2, NOW, "a", TWO, [1, 2, 3]), "not known here"),
            (good.on_base(good), "does not stand for itself"),
        ]:
            with pytest.raises(FrameError, match=words):
                await store.appender.append_frames(SENDER, [ONE], [good, bad])
        assert read_all(store.querier) == {}


async def test_samples_from_before_the_retention_are_left_out(tmp_path: Path, clock: ManualClock) -> None:
    """They are counted, and acknowledged, so that the sender does not send them for ever."""
    async with run_store(tmp_path, clock, StorageOptions(retention_ms=1000, commit_delay_ms=0)) as store:
        old = to_frame(1, NOW - 1001, "a", ONE, [1, 2, 3])
        assert await store.appender.append_frames(SENDER, [ONE], [old]) == Receipt(0, 0, 0, 3, 1)
        loose = LooseSamples(np.array([0, 0]), np.array([NOW - 1001, NOW]), np.ones(2))
        assert await store.appender.append_samples([series("load", "a")], loose) == Receipt(1, 0, 0, 1, 0)


async def test_appends_need_a_running_store(tmp_path: Path, clock: ManualClock) -> None:
    """They do not wait for ever."""
    store = Store.open(tmp_path, StorageOptions(), clock)
    with pytest.raises(StorageError, match="not running"):
        await store.appender.append_samples([], LooseSamples(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)))
    store.close()
