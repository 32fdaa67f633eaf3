"""Churn leaves nothing behind: what no sample and no source bears any more is forgotten, and comes back as if new."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.server.storage.support import NOW, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.catalog import Catalog
from vedette_server.storage.interface import LooseSamples
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Layout, Metadata, Sender
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricType

HOUR = 3_600_000
OPTIONS = StorageOptions(retention_ms=HOUR, commit_delay_ms=0)
OLD, NEW = to_layout("old", "common"), to_layout("new", "common")


async def push(store: Store, host: str, time: int, layout: Layout, *values: float, sequence: int = 1) -> None:
    await store.appender.append_frames(Sender(host, 1), [layout], [to_frame(sequence, time, host, layout, values)])


async def let_pass(store: Store, clock: ManualClock, hours: int) -> None:
    """Time goes by, in which one host goes on and all that is due is done."""
    for _ in range(hours):
        clock.advance(HOUR)
        await push(store, "stays", clock.now_ms(), NEW, 1.0, 2.0, sequence=0)
        await settle(store)


def series(name: str, host: str) -> Labels:
    return make_labels(__name__=name, host=host, job="node")


def _ignore(path: Path, offset: int, what: str) -> None:
    """Nothing is damaged here."""


def catalog(path: Path) -> set[bytes]:
    return {layout.hash for layout in Catalog(path).load(_ignore)}


async def test_a_host_that_went_leaves_no_names(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    async with run_store(tmp_path, clock, OPTIONS) as store:
        await push(store, "stays", NOW, NEW, 1.0, 2.0)
        await push(store, "goes", NOW, OLD, 1.0, 2.0)
        await cut(store, clock)
        assert catalog(tmp_path) == {OLD.hash, NEW.hash}
        before = store.statistics()
        await let_pass(store, clock, 8)
        after = store.statistics()
    assert (before.targets, before.signatures, before.layouts) == (2, 3, 2)
    assert (after.targets, after.signatures, after.layouts) == (1, 2, 1)
    assert (after.targets_added, after.targets_dropped) == (2, 1)
    assert (after.signatures_added, after.signatures_dropped, after.layouts_dropped) == (3, 1, 1)
    assert catalog(tmp_path) == {NEW.hash}
    async with run_store(tmp_path, clock, OPTIONS) as store:
        again = store.statistics()
        assert (again.targets, again.signatures, again.layouts) == (1, 2, 1)
        assert set(read_all(store.querier)) == {series("new", "stays"), series("common", "stays")}


async def test_a_host_that_comes_back_is_stored_like_a_new_one(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    async with run_store(tmp_path, clock, OPTIONS) as store:
        await push(store, "goes", NOW, OLD, 1.0, 2.0)
        await cut(store, clock)
        await let_pass(store, clock, 8)
        assert store.appender.unknown_layouts([OLD.hash, NEW.hash]) == [OLD.hash]
        time = clock.now_ms()
        await push(store, "goes", time, OLD, 5.0, 6.0, sequence=2)
        for _ in range(2):
            assert read_all(store.querier, start=time, end=time)[series("old", "goes")] == {time: bits(5.0)}
            assert list(store.querier.label_values("host", (), time, time)) == ["goes", "stays"]
            await cut(store, clock)
    async with run_store(tmp_path, clock, OPTIONS) as store:
        assert read_all(store.querier, start=time, end=time)[series("common", "goes")] == {time: bits(6.0)}


async def test_loose_samples_go_on_where_others_were_forgotten(tmp_path: Path) -> None:
    clock = ManualClock(NOW)

    async def write(*names: str) -> None:
        samples = LooseSamples(
            np.arange(len(names)), np.full(len(names), clock.now_ms()), np.arange(1.0, len(names) + 1)
        )
        await store.appender.append_samples([series(name, "loose") for name in names], samples)

    async with run_store(tmp_path, clock, OPTIONS) as store:
        await write("gone", "kept")
        await cut(store, clock)
        for _ in range(8):
            await let_pass(store, clock, 1)
            await write("kept")
        assert store.statistics().signatures_dropped == 1
        await write("kept", "gone")
        time = clock.now_ms()
    async with run_store(tmp_path, clock, OPTIONS) as store:
        found = read_all(store.querier, start=time, end=time)
        assert found[series("gone", "loose")] == {time: bits(2.0)}
        assert found[series("kept", "loose")] == {time: bits(1.0)}


async def test_what_is_still_reported_or_still_stored_stays(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    async with run_store(tmp_path, clock, StorageOptions(retention_ms=24 * HOUR, commit_delay_ms=0)) as store:
        await push(store, "goes", NOW, OLD, 1.0, 2.0)
        await cut(store, clock)
        await let_pass(store, clock, 8)
        assert store.statistics().targets_dropped == store.statistics().layouts_dropped == 0
        assert read_all(store.querier)[series("old", "goes")] == {NOW: bits(1.0)}


async def test_what_is_said_of_a_family_goes_with_its_last_series(tmp_path: Path) -> None:
    """Where no layout says it: through restarts, until the retention has dropped the samples."""
    clock = ManualClock(NOW)
    told = Metadata("old_total", MetricType.COUNTER, "What it counts.", "things")
    async with run_store(tmp_path, clock, OPTIONS) as store:
        await push(store, "stays", NOW, NEW, 1.0, 2.0)
        one = LooseSamples(np.array([0]), np.array([NOW]), np.array([1.0]))
        await store.appender.append_samples([series("old_total", "loose")], one)
        await store.describe([told])
        await store.describe([told])
        assert store.statistics().layouts == 2
        await cut(store, clock)
        await settle(store)
    async with run_store(tmp_path, clock, OPTIONS) as store:
        assert store.metadata()["old_total"] == told
        clock.advance(HOUR // 2)
        await settle(store)
        assert store.statistics().layouts == 2
        await let_pass(store, clock, 8)
        assert store.statistics().layouts == 1
        assert store.statistics().signatures_dropped == 1
    assert catalog(tmp_path) == {NEW.hash}


def bits(value: float) -> int:
    return int(np.float64(value).view(np.uint64))
