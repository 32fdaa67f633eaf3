"""What the store withstands: kill -9, a full disk, flipped bytes, clocks that step, folders that it cannot use."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import trio

from tests.server.storage.support import NOW, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage import DataFolderError, StorageFullError, StorageOptions, Store
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Sender
from vedette_shared.labels import make_labels

LAYOUT = to_layout("load", "memory{free}", "memory{used}")
SENDER = Sender("agent", 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small file system needs the right to mount one")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


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


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x20
    path.write_bytes(data)


def cut_off(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.parametrize(
    ("name", "harm", "damaged", "left"),
    [
        pytest.param("log/*2.log", lambda path: flip(path, -3), 1, 1, id="log, last record flipped"),
        pytest.param("log/*2.log", lambda path: flip(path, 30), 1, 2, id="log, a layout flipped that the catalog has"),
        pytest.param("log/*2.log", lambda path: flip(path, 17), 1, 2, id="log, a length flipped"),
        pytest.param("log/*2.log", lambda path: flip(path, 2), 1, 2, id="log, head flipped"),
        pytest.param("log/*2.log", lambda path: cut_off(path, -5), 0, 1, id="log, torn"),
        pytest.param("log/*2.log", lambda path: cut_off(path, 3), 0, 0, id="log, torn in its head"),
        pytest.param("checkpoint", lambda path: flip(path, -3), 1, 2, id="checkpoint flipped"),
        pytest.param("checkpoint", lambda path: cut_off(path, 3), 1, 2, id="checkpoint torn"),
        pytest.param("layouts.catalog", lambda path: flip(path, -3), 1, 2, id="catalog flipped"),
        pytest.param("layouts.catalog", lambda path: cut_off(path, 30), 1, 2, id="catalog torn"),
        pytest.param("deletions", lambda path: flip(path, -1), 1, 2, id="deletions flipped"),
        pytest.param("version", Path.unlink, 0, 2, id="version missing"),
    ],
)
async def test_damage_is_told_and_the_rest_serves(
    tmp_path: Path, clock: ManualClock, name: str, harm: Callable[[Path], None], damaged: int, left: int
) -> None:
    """Of a block and two records in the log. The store opens, counts what it found, and takes samples as before."""
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(SENDER, [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1, 2, 3])])
        await store.delete([Matcher("host", MatchOp.EQUAL, "none")], 0, 2**60)
        await settle(store)
        for i in (2, 3):
            await store.appender.append_frames(SENDER, [], [to_frame(i, NOW + i, "a", LAYOUT, [1, 2, 3])])
    (path,) = sorted(tmp_path.glob(name))  # noqa: ASYNC240 - nothing else runs here
    harm(path)
    for again in range(2):
        async with run_store(tmp_path, clock) as store:
            assert store.statistics().damaged == (0 if again else damaged)
            load = read_all(store.querier)[make_labels(__name__="load", host="a", job="node")]
            assert len(load) == 1 + left + again
            layouts = [LAYOUT] if store.appender.unknown_layouts([LAYOUT.hash]) else []
            frame = to_frame(10 + again, NOW + 100 + again, "a", LAYOUT, [1, 2, 3])
            assert (await store.appender.append_frames(SENDER, layouts, [frame])).stored == 3
            await cut(store, clock)


async def test_a_clock_that_steps(tmp_path: Path, clock: ManualClock) -> None:
    """Back or ahead: samples are taken by their own time, cut, merged and kept."""
    options = StorageOptions(commit_delay_ms=0, windows_ms=(10_000, 50_000), retention_ms=3_600_000)
    async with run_store(tmp_path, clock, options) as store:
        for i, step in enumerate([0, -86_400_000, 400 * 86_400_000, -300 * 86_400_000, 0]):
            clock.step(step)
            frame = to_frame(i + 1, NOW + 10_000 * i, "a", LAYOUT, [i, 2, 3])
            assert (await store.appender.append_frames(SENDER, [LAYOUT], [frame])).stored == 3
            await cut(store, clock)
        load = read_all(store.querier)[make_labels(__name__="load", host="a", job="node")]
        assert list(load) == [NOW + 10_000 * i for i in range(5)]


async def test_a_second_server_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    """With the pid of the first."""
    async with run_store(tmp_path, clock):
        with pytest.raises(DataFolderError, match=rf"in use by the process {os.getpid()};"):
            Store.open(tmp_path)
    Store.open(tmp_path).close()


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """And nothing in the folder is touched."""
    (tmp_path / "version").write_text("vedette storage, format 7\n")
    with pytest.raises(DataFolderError, match=r"unknown format"):
        Store.open(tmp_path)
    assert (tmp_path / "version").read_text() == "vedette storage, format 7\n"


def test_a_read_only_folder_is_refused(small_disk: Path) -> None:
    """With what to do about it."""
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(DataFolderError, match=r"cannot be written to: Read-only file system;"):
        Store.open(small_disk / "data")


@pytest.mark.parametrize("moment", ["outputs", "half the outputs", "half the inputs"])
async def test_a_merging_cut_off_is_finished_or_undone(tmp_path: Path, clock: ManualClock, moment: str) -> None:
    """Whatever files a crash leaves, each sample is there once."""
    options = StorageOptions(commit_delay_ms=0, windows_ms=(10_000, 50_000), retention_ms=0)
    blocks, kept = tmp_path / "blocks", tmp_path / "kept"
    async with run_store(tmp_path, clock, options) as store:
        for i in range(4):
            frames = [to_frame(5 * i + k, NOW + 5000 * i + k, "a", LAYOUT, [i, k, 3]) for k in range(1, 5)]
            await store.appender.append_frames(SENDER, [LAYOUT], frames)
            await cut(store, clock)
        before = read_all(store.querier)
        shutil.copytree(blocks, kept)
        clock.advance(15_000)
        await settle(store)
        assert store.statistics().merges >= 1
    inputs, outputs = sorted(kept.iterdir()), sorted(blocks.iterdir())
    assert len(outputs) == 2
    if moment == "half the inputs":
        inputs = inputs[::2]
    if moment == "half the outputs":
        outputs[0].unlink()
    for path in inputs:
        shutil.copy(path, blocks / path.name)
    async with run_store(tmp_path, clock, options) as store:
        assert read_all(store.querier) == before
        counted = {block.name for block in store._state.contents.blocks}
        assert counted == {path.name for path in blocks.iterdir()}
