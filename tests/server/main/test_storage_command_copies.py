"""``vedette storage backup`` and ``restore``: nothing acknowledged is missing, nothing is overwritten or half there."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.server.storage import killed_writer as writer
from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, to_frame, to_layout
from tests.server.storage.test_killed import check_round
from vedette_server.main.storage_command.copying import back_up
from vedette_server.main.storage_command.snapshot import Snapshot
from vedette_server.state import EventQuery, NewEvent, open_state
from vedette_server.storage import Store
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.command import main
from vedette_shared.events import Severity
from vedette_shared.frames import STALE_BITS, Sender

LAYOUT = to_layout("load", "memory{free}", "memory{used}")
EVENT = NewEvent("agent", "id:1", NOW, "a", "trap", Severity.WARNING, "a trap", {})


class Writer:
    """A process that appends without pause; ``acknowledged`` grows as it tells."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.server.storage.killed_writer", str(folder), "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.acknowledged: dict[str, int] = {}
        self._news = threading.Condition()
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            host, _, sequence = line.rstrip("\n").partition(" ")
            if line.endswith("\n"):
                with self._news:
                    self.acknowledged[host] = int(sequence)
                    self._news.notify()

    def wait_for(self, more: int) -> dict[str, int]:
        """Return what is acknowledged when it is so many frames more than now, however slow the machine."""
        with self._news:
            goal = sum(self.acknowledged.values()) + more
            assert self._news.wait_for(lambda: sum(self.acknowledged.values()) >= goal, timeout=120)
            return dict(self.acknowledged)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    process = Writer(folder)
    try:
        yield process
    finally:
        process.close()


def prefix(samples: Samples, host: str) -> int:
    """How many frames of a host are there, from the first one on."""
    times = {
        time
        for labels, bits in samples.items()
        if dict(labels)["host"] == host and dict(labels)["__name__"] != "loose"
        for time, value in bits.items()
        if value != STALE_BITS
    }
    sequence = 0
    while writer.time_of(0, sequence + 1) in times:
        sequence += 1
    return sequence


def check_backup(backup: Path, data: Path, before: dict[str, int]) -> None:
    """All that was acknowledged before the backup began is restored, and nothing is there in part."""
    assert main(["storage", "verify", "--data", str(backup)]) == 0
    assert main(["storage", "restore", str(backup), "--data", str(data)]) == 0
    store = Store.open(data / "storage", writer.OPTIONS)
    samples = read_all(store.querier)
    assert store.statistics().damaged == 0
    store.close()
    there = {host: prefix(samples, host) for host in writer.HOSTS}
    assert all(there[host] >= sequence for host, sequence in before.items()), (there, before)
    # Of the last frame, the loose sample may not have been sent yet.
    check_round(samples, 0, {host: max(before.get(host, 0), there[host] - 1) for host in writer.HOSTS})


FRAMES_BETWEEN = 100


def rounds(tmp_path: Path, count: int) -> None:
    folder = tmp_path / "store"
    taken = []
    with writing(folder) as process:
        for number in range(count):
            before = process.wait_for(FRAMES_BETWEEN)
            with Snapshot(folder) as snapshot:
                back_up(snapshot, tmp_path / f"backup{number}", abs, link=number % 2 == 0)
            taken.append(before)
    for number, before in enumerate(taken):
        check_backup(tmp_path / f"backup{number}", tmp_path / f"data{number}", before)


def test_backups_of_a_store_under_load(tmp_path: Path) -> None:
    """Blocks are cut and merged all the while."""
    rounds(tmp_path, 5)


@pytest.mark.slow
def test_many_backups_of_a_store_under_load(tmp_path: Path) -> None:
    """The same, forty times."""
    rounds(tmp_path, 40)


async def test_the_state_goes_with_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While a server writes both; restored, it holds what was durable when the backup was taken."""
    data, backup, new = tmp_path / "data", tmp_path / "backup", tmp_path / "new"
    await fill(data / "storage")
    async with open_state(data / "state.sqlite") as state:
        await state.add_events([EVENT], NOW)
        assert main(["storage", "backup", str(backup), "--data", str(data)]) == 0
        await state.add_events([msgspec.structs.replace(EVENT, key="id:2")], NOW)
        assert main(["storage", "verify", "--data", str(data)]) == 0
    assert names(backup) == ["blocks", "checkpoint", "deletions", "layouts.catalog", "log", "state.sqlite", "version"]
    assert main(["storage", "restore", str(backup), "--data", str(new)]) == 0
    assert names(new) == ["state.sqlite", "storage"]
    async with open_state(new / "state.sqlite") as state:
        assert [event.text for event in await state.fleet_events(EventQuery())] == ["a trap"]
    assert "state.sqlite" not in capsys.readouterr().out


async def test_a_state_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is a log that SQLite left beside one; ``--without-state`` leaves it as it is."""
    data, backup, new = tmp_path / "data", tmp_path / "backup", tmp_path / "new"
    await fill(data / "storage")
    async with open_state(data / "state.sqlite"):
        assert main(["storage", "backup", str(backup), "--data", str(data)]) == 0
    new.mkdir()
    (new / "state.sqlite-wal").write_bytes(b"left over")
    command = ["storage", "restore", str(backup), "--data", str(new)]
    assert main(command) == 1
    assert f"{new}/state.sqlite-wal would be overwritten" in capsys.readouterr().err
    assert main([*command, "--without-state"]) == 0
    assert names(new) == ["state.sqlite-wal", "storage"]


async def test_a_backup_without_a_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An older one, or one that was asked for so, is restored with a sentence that says it."""
    await fill(tmp_path / "data" / "storage")
    data = ["--data", str(tmp_path / "data")]
    assert main(["storage", "backup", str(tmp_path / "old"), *data]) == 0
    assert "there is no state.sqlite beside the store" in capsys.readouterr().out
    async with open_state(tmp_path / "data" / "state.sqlite"):
        assert main(["storage", "backup", str(tmp_path / "asked"), "--without-state", *data]) == 0
    for name in ("old", "asked"):
        assert main(["storage", "restore", str(tmp_path / name), "--data", str(tmp_path / f"new-{name}")]) == 0
        assert "the backup holds no state.sqlite" in capsys.readouterr().out
        assert names(tmp_path / f"new-{name}") == ["storage"]


async def test_a_damaged_state_is_not_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told with its place; the samples can be had without it."""
    data, backup, new = tmp_path / "data", tmp_path / "backup", tmp_path / "new"
    await fill(data / "storage")
    async with open_state(data / "state.sqlite"):
        assert main(["storage", "backup", str(backup), "--data", str(data)]) == 0
    state = backup / "state.sqlite"
    state.write_bytes(state.read_bytes()[:-4096])
    command = ["storage", "restore", str(backup), "--data", str(new)]
    assert main(command) == 1
    assert f"{state} is damaged at byte " in capsys.readouterr().out
    assert not new.exists()
    assert main([*command, "--without-state"]) == 0
    assert names(new) == ["storage"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def fill(folder: Path) -> Samples:
    """A store with a block, a log and a deletion that waits for its block to be merged; returns what can be read."""
    clock = ManualClock(NOW)
    async with run_store(folder, clock) as store:
        for sequence in range(1, 8):
            frame = to_frame(sequence, NOW + 15_000 * sequence, "a", LAYOUT, [sequence / 8, 2.0, sequence])
            await store.appender.append_frames(Sender("a", 1), [LAYOUT], [frame])
            if sequence == 5:
                await cut(store, clock)
        await store.delete([Matcher("x", MatchOp.EQUAL, "free")], NOW, NOW + 40_000)
        return read_all(store.querier)


async def test_a_restored_store_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Deletions stay in force, and a frame that is sent again is known."""
    expected = await fill(tmp_path / "old" / "storage")
    assert main(["storage", "backup", str(tmp_path / "backup"), "--data", str(tmp_path / "old")]) == 0
    assert main(["storage", "restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new")]) == 0
    assert f"\n{tmp_path}/new: " in capsys.readouterr().out
    async with run_store(tmp_path / "new" / "storage", ManualClock(NOW)) as store:
        assert read_all(store.querier) == expected
        frame = to_frame(7, NOW + 105_000, "a", LAYOUT, [7 / 8, 2.0, 7])
        receipt = await store.appender.append_frames(Sender("a", 1), [LAYOUT], [frame])
        assert (receipt.stored, receipt.highest_sequence) == (0, 7)
    assert names(tmp_path / "new") == ["storage"]


async def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that holds anything is refused, by both."""
    await fill(tmp_path / "data" / "storage")
    data = ["--data", str(tmp_path / "data")]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    assert main(["storage", "backup", str(tmp_path / "full"), *data]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
    assert main(["storage", "backup", str(tmp_path / "data" / "storage" / "inner"), *data]) == 1
    assert "inside the store" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["storage", "backup", str(tmp_path / "empty"), *data]) == 0
    assert main(["storage", "restore", str(tmp_path / "empty"), *data]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert main(["storage", "restore", str(tmp_path / "empty"), "--data", str(tmp_path / "empty")]) == 1


async def test_a_damaged_backup_is_not_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with it is told."""
    await fill(tmp_path / "data" / "storage")
    backup, new = tmp_path / "backup", tmp_path / "new"
    assert main(["storage", "backup", str(backup), "--copy", "--data", str(tmp_path / "data")]) == 0
    block = next((backup / "blocks").iterdir())
    data = bytearray(block.read_bytes())
    data[50] ^= 1
    block.write_bytes(data)
    assert main(["storage", "restore", str(backup), "--data", str(new)]) == 1
    told = capsys.readouterr()
    assert f"{block} is damaged at byte" in told.out
    assert "nothing was restored" in told.err
    assert not new.exists()
    assert main(["storage", "verify", "--data", str(tmp_path / "data")]) == 0


async def test_a_failed_copy_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk is one line."""
    await fill(tmp_path / "data" / "storage")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("vedette_server.main.storage_command.copying.os.fsync", full)
        assert main(["storage", "backup", str(tmp_path / "backup"), "--data", str(tmp_path / "data")]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert names(tmp_path) == ["data"]
