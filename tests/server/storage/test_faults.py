"""What the store withstands: kill -9, a full disk, flipped bytes, clocks that step, folders that it cannot use."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.storage.support import NOW, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage import DataFolderError, StorageError, StorageOptions, Store
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Sender
from vedette_shared.labels import make_labels

LAYOUT = to_layout("load", "memory{free}", "memory{used}")
SENDER = Sender("agent", 1)
FLIPS = 24


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


@pytest.mark.parametrize("name", ["log/*2.log", "checkpoint", "layouts.catalog", "deletions", "blocks/*.block"])
async def test_no_flipped_byte_anywhere_makes_samples_up(tmp_path: Path, clock: ManualClock, name: str) -> None:
    """The store opens whichever byte it is; what it serves was written, and what it lost is told."""
    whole = tmp_path / "whole"
    async with run_store(whole, clock) as store:
        await store.appender.append_frames(SENDER, [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1, 2, 3])])
        await store.delete([Matcher("host", MatchOp.EQUAL, "none")], 0, 2**60)
        await settle(store)
        await store.appender.append_frames(SENDER, [], [to_frame(2, NOW + 1, "a", LAYOUT, [1, 2, 3])])
        written = read_all(store.querier)
    (good,) = whole.glob(name)
    size = good.stat().st_size
    for place in range(0, size, max(1, size // FLIPS)):
        harmed = tmp_path / str(place)
        shutil.copytree(whole, harmed)
        flip(harmed / good.relative_to(whole), place)
        store = Store.open(harmed, clock=clock)
        found = read_all(store.querier)
        damaged = store.statistics().damaged
        store.close()
        assert damaged >= 1, place
        for labels, times in found.items():
            assert times.items() <= written[labels].items(), place


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


def test_a_segment_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """What it has may be had again."""
    Store.open(tmp_path).close()
    segment = tmp_path / "log" / "00000002.log"
    segment.mkdir()
    with pytest.raises(StorageError) as caught:
        Store.open(tmp_path)
    assert str(caught.value) == (f"{segment} cannot be read or written: Is a directory; mend its disk or its rights")
    segment.rmdir()
    Store.open(tmp_path).close()


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
