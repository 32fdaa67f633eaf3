"""A disk without room, a real one of three megabytes: nothing acknowledged is lost, and with room again all goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import trio

from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage import StorageError, StorageFullError, StorageOptions, Store, maintenance
from vedette_server.storage.catalog import Catalog
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Metadata, Sender
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricType

LAYOUT = to_layout("load", "memory{free}", "memory{used}")
SENDER = Sender("agent", 1)
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again without a pause."""
    monkeypatch.setattr(maintenance, "RETRY_S", 0.01)


def fill_up(disk: Path, left: int = 0) -> Path:
    """Leave so many bytes; returns the file to remove."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - left))
    return ballast


async def failed(store: Store) -> None:
    """Return when work behind has failed."""
    with trio.fail_after(60):
        while not store.statistics().failures:
            store._state.work.set()
            await trio.sleep(0.01)


async def append_until_full(store: Store, sequence: int) -> int:
    """Append until the store refuses; return the last sequence that it took."""
    while True:
        values = np.random.default_rng(sequence).random(3).tolist()
        frame = to_frame(sequence, NOW + 100 * sequence, "a", LAYOUT, values)
        try:
            with trio.fail_after(60):
                await store.appender.append_frames(SENDER, [LAYOUT], [frame])
        except StorageFullError:
            return sequence - 1
        sequence += 1


async def test_a_full_disk_refuses_and_recovers(small_disk: Path, clock: ManualClock) -> None:
    """What was acknowledged stays; what was refused is nowhere; with room again, all goes on."""
    options = StorageOptions(commit_delay_ms=0, head_bytes=200_000, waiting_heads=2, retention_ms=0)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2_000_000))
    async with run_store(small_disk / "data", clock, options) as store:
        last = await append_until_full(store, 1)
        assert last > 100
        assert store.statistics().failed_commits >= 1
        times = read_all(store.querier)[make_labels(__name__="load", host="a", job="node")]
        assert list(times) == [NOW + 100 * (i + 1) for i in range(last)]
        ballast.unlink()
        frame = to_frame(last + 1, NOW + 100 * (last + 1), "a", LAYOUT, [1, 2, 3])
        assert (await store.appender.append_frames(SENDER, [LAYOUT], [frame])).highest_sequence == last + 1
        await cut(store, clock)
        before = read_all(store.querier)
    async with run_store(small_disk / "data", clock, options) as store:
        assert read_all(store.querier) == before
        assert [len(times) for times in before.values()] == [last + 1] * 3


async def test_blocks_that_cannot_be_written_are_tried_again(small_disk: Path, clock: ManualClock) -> None:
    """The head and the log hold the samples meanwhile."""
    async with run_store(small_disk / "data", clock) as store:
        frames = [to_frame(i + 1, NOW + 100 * i, "a", LAYOUT, [i, 2, 3]) for i in range(100)]
        await store.appender.append_frames(SENDER, [LAYOUT], frames)
        before = read_all(store.querier)
        free = shutil.disk_usage(small_disk).free
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(free - 8192))
        failed = store._state.cut_done
        clock.advance(3_600_000)
        store._state.work.set()
        await failed.wait()
        assert store.statistics().failures == 1
        assert read_all(store.querier) == before
        ballast.unlink()
        await settle(store)
        assert store.statistics().cuts == 1
        assert read_all(store.querier) == before


async def test_blocks_that_cannot_be_merged_stay(small_disk: Path, clock: ManualClock) -> None:
    """Until there is room; what a failed merging wrote is gone, and samples are taken all the while."""
    options = StorageOptions(commit_delay_ms=0, windows_ms=(HOUR,), retention_ms=0)
    dice = np.random.default_rng(1)
    async with run_store(small_disk / "data", clock, options) as store:
        for part in range(2):
            numbers = range(2000 * part + 1, 2000 * (part + 1) + 1)
            frames = [to_frame(i, NOW + 100 * i, "a", LAYOUT, dice.random(3).tolist()) for i in numbers]
            await store.appender.append_frames(SENDER, [LAYOUT], frames)
            await cut(store, clock)
        before = read_all(store.querier)
        ballast = fill_up(small_disk, 40_960)
        clock.advance(HOUR)
        await failed(store)
        assert read_all(store.querier) == before
        assert len(list((small_disk / "data" / "blocks").iterdir())) == 2
        frame = to_frame(5000, NOW + 500_000, "a", LAYOUT, [1, 2, 3])
        assert (await store.appender.append_frames(SENDER, [], [frame])).stored == 3
        before = read_all(store.querier)
        ballast.unlink()
        await settle(store)
        assert store.statistics().merges >= 1
        assert read_all(store.querier) == before
    await reopened(small_disk / "data", clock, options, before)


async def test_names_are_forgotten_when_the_catalog_can_be_written_again(small_disk: Path, clock: ManualClock) -> None:
    """Until then it holds some too many, and none too few."""
    old, new = to_layout("old"), to_layout("new")
    options = StorageOptions(commit_delay_ms=0, retention_ms=HOUR, windows_ms=(10**13,), pruning_ms=10 * HOUR)
    folder = small_disk / "data"
    async with run_store(folder, clock, options) as store:
        for host, layout in (("goes", old), ("stays", new)):
            await store.appender.append_frames(Sender(host, 1), [layout], [to_frame(1, NOW, host, layout, [1])])
        await cut(store, clock)
        clock.advance(4 * HOUR)
        await store.appender.append_frames(Sender("stays", 1), [], [to_frame(2, clock.now_ms(), "stays", new, [2])])
        await settle(store)
        before = read_all(store.querier)
        ballast = fill_up(small_disk)
        clock.advance(7 * HOUR)
        await failed(store)
        assert hashes(folder) == {old.hash, new.hash}
        assert read_all(store.querier) == before
        ballast.unlink()
        clock.advance(10 * HOUR)
        await settle(store)
        assert hashes(folder) == {new.hash}
        assert read_all(store.querier) == before
    await reopened(folder, clock, options, before)


def hashes(folder: Path) -> set[bytes]:
    return {layout.hash for layout in Catalog(folder).load(lambda *_: None)}


async def test_a_deletion_that_cannot_be_written_down_deletes_nothing(small_disk: Path, clock: ManualClock) -> None:
    """Its caller is told; with room again it can be made."""
    folder = small_disk / "data"
    matchers = [Matcher("x", MatchOp.EQUAL, "free")]
    async with run_store(folder, clock) as store:
        await store.appender.append_frames(SENDER, [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1, 2, 3])])
        before = read_all(store.querier)
        ballast = fill_up(small_disk)
        with pytest.raises(StorageError):
            await store.delete(matchers, 0, NOW)
        assert read_all(store.querier) == before
        ballast.unlink()
        await store.delete(matchers, 0, NOW)
        left = {labels: times for labels, times in before.items() if ("x", "free") not in labels}
        assert read_all(store.querier) == left
    await reopened(folder, clock, StorageOptions(), left)


async def test_what_is_said_of_families_is_kept_whole_or_not_at_all(small_disk: Path, clock: ManualClock) -> None:
    """The catalog that could not be written is as it was."""
    folder = small_disk / "data"
    names = [f"family{number}" for number in range(100)]
    dice = np.random.default_rng(1)
    families = [Metadata(name, MetricType.GAUGE, dice.bytes(100).hex()) for name in names]
    samples = LooseSamples(np.arange(100), np.full(100, NOW), np.ones(100))
    async with run_store(folder, clock) as store:
        await store.appender.append_samples([make_labels(__name__=name, job="a") for name in names], samples)
        await store.describe(families[:1])
        size = (folder / "layouts.catalog").stat().st_size
        ballast = fill_up(small_disk)
        with pytest.raises(StorageError, match="the catalog of layouts cannot be written: No space left"):
            await store.describe(families)
        assert (folder / "layouts.catalog").stat().st_size == size
        ballast.unlink()
        await store.describe(families)
        before = read_all(store.querier)
    await reopened(folder, clock, StorageOptions(), before)
    async with run_store(folder, clock) as store:
        assert store.metadata() == {family.name: family for family in families}


async def reopened(folder: Path, clock: ManualClock, options: StorageOptions, expected: Samples) -> None:
    """See that a store holds just this when it is opened again, and that nothing is damaged."""
    async with run_store(folder, clock, options) as store:
        assert read_all(store.querier) == expected
        assert store.statistics().damaged == 0
