"""``vedette storage inspect`` and ``verify``: what a store holds, and what of it is damaged."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import trio

from tests.server.storage.support import NOW, cut, run_store, to_frame, to_layout
from vedette_server.main.storage_command.block_check import check_block
from vedette_server.main.storage_command.inspection import (
    ChurnReport,
    Entry,
    HeadReport,
    LabelEntry,
    Report,
    SegmentReport,
)
from vedette_server.storage.block.reader import Block
from vedette_server.storage.index.identity import Index
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp
from vedette_server.storage.read.cache import PieceCache
from vedette_shared.clock import ManualClock
from vedette_shared.command import main
from vedette_shared.frames import Sender
from vedette_shared.labels import make_labels

LAYOUT = to_layout("load", "memory{free}", "memory{used}")


async def fill(folder: Path) -> None:
    """A block of two hosts with five frames each, a log with one more and a loose sample, and a deletion in force."""
    clock = ManualClock(NOW)
    async with run_store(folder, clock) as store:
        for sequence in range(1, 6):
            for host in "ab":
                frame = to_frame(sequence, NOW + 15_000 * sequence, host, LAYOUT, [sequence / 8, 2.0, sequence])
                await store.appender.append_frames(Sender(host, 1), [LAYOUT], [frame])
        await cut(store, clock)
        frame = to_frame(6, NOW + 90_000, "a", LAYOUT, [1.0, 2.0, 3.0])
        await store.appender.append_frames(Sender("a", 1), [LAYOUT], [frame])
        samples = LooseSamples(np.array([0]), np.array([NOW]), np.array([1.0]))
        await store.appender.append_samples([make_labels(__name__="loose", job="x")], samples)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that nobody uses, as ``fill`` makes it, in a server's data folder."""
    folder = tmp_path / "data" / "storage"
    trio.run(fill, folder)
    return folder


def flip(path: Path, offset: int, bit: int = 1) -> None:
    """Flip a bit."""
    data = bytearray(path.read_bytes())
    data[offset] ^= bit
    path.write_bytes(data)


def listing(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_inspect_tells_what_is_there(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Blocks, log, what is not in blocks yet, and what is largest; from the server's data folder or the store's."""
    before = listing(store)
    assert main(["storage", "inspect", "--data", str(store.parent), "--json"]) == 0
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    (block,) = report.blocks
    path = store / "blocks" / block.name
    assert block == msgspec.structs.replace(
        block,
        min_time=NOW + 15_000,
        max_time=NOW + 75_000,
        samples=30,
        series=6,
        targets=2,
        bytes=path.stat().st_size,
        bytes_per_sample=path.stat().st_size / 30,
        window=0,
    )
    assert report == Report(
        folder=str(store),
        used_by=None,
        blocks=[block],
        log=[SegmentReport("00000002.log", (store / "log" / "00000002.log").stat().st_size)],
        head=HeadReport(NOW, NOW + 90_000, 4, 4),
        churn=ChurnReport(3, 0),
        series=7,
        targets=3,
        signatures=4,
        layouts=1,
        deletions=0,
        damaged=0,
        largest_metrics=[Entry("memory", 4), Entry("load", 2), Entry("loose", 1)],
        largest_labels=[LabelEntry("host", 2, 6), LabelEntry("job", 2, 7), LabelEntry("x", 2, 4)],
        largest_targets=[
            Entry('{host="a", job="node"}', 3),
            Entry('{host="b", job="node"}', 3),
            Entry('{job="x"}', 1),
        ],
    )
    assert main(["storage", "inspect", "--data", str(store)]) == 0
    assert "7 series of 3 targets and 4 signatures" in capsys.readouterr().out
    assert listing(store) == before


async def test_a_server_may_use_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is read as it is now, without its lock."""
    clock = ManualClock(NOW)
    async with run_store(tmp_path, clock) as store:
        await store.appender.append_frames(Sender("a", 1), [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1.0, 2.0, 3.0])])
        matcher = Matcher("x", MatchOp.EQUAL, "free")
        await store.delete([matcher], 0, 2**60)
        assert main(["storage", "inspect", "--data", str(tmp_path)]) == 0
        assert main(["storage", "verify", "--data", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert f"in use by the process {os.getpid()}" in told
    assert "2 series of 1 targets" in told
    assert "all is sound" in told


def test_verify_names_file_column_and_offset(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And goes on: every damaged file is told."""
    (path,) = (store / "blocks").iterdir()
    block = Block(path, Index(), PieceCache(0))
    piece = block.values.section(0)
    flip(path, piece.offset + piece.length // 2)
    flip(store / "checkpoint", 20)
    assert main(["storage", "verify", "--data", str(store.parent)]) == 1
    told = capsys.readouterr().out.splitlines()
    column = 'column load to memory{x="used"}'
    assert told[:2] == [
        f"{store}/checkpoint is damaged at byte 0: the checksum of the checkpoint is wrong",
        f"{path} is damaged at byte {piece.offset}: the checksum of piece 0 of {column} is wrong",
    ]
    assert told[-1].endswith("2 places are damaged")


def test_every_byte_of_a_block_is_under_a_checksum(store: Path) -> None:
    """One that is flipped is seen, wherever it is."""
    (path,) = (store / "blocks").iterdir()
    good = path.read_bytes()
    for offset in range(len(good)):
        path.write_bytes(good[:offset] + bytes([good[offset] ^ 0x10]) + good[offset + 1 :])
        assert list(check_block(path, abs)), f"byte {offset}"


@pytest.mark.parametrize(
    ("name", "offset", "what"),
    [
        ("checkpoint", -1, "byte 0: the checksum of the checkpoint"),
        ("layouts.catalog", 3, "byte 0: the head of the segment"),
        ("layouts.catalog", 40, "byte 16: "),
        ("log/00000002.log", 5, "byte 0: the head of the segment"),
        ("log/00000002.log", 200, "bytes are no record"),
    ],
)
def test_verify_reads_every_kind_of_file(
    store: Path, capsys: pytest.CaptureFixture[str], name: str, offset: int, what: str
) -> None:
    """Each is named with the place."""
    flip(store / name, offset)
    assert main(["storage", "verify", "--data", str(store)]) == 1
    assert what in capsys.readouterr().out


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut_off, empty])
def test_verify_sees_a_block_that_is_cut_short(
    store: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], None]
) -> None:
    """Even to nothing."""
    (block,) = (store / "blocks").iterdir()
    harm(block)
    assert main(["storage", "verify", "--data", str(store)]) == 1
    assert str(block) in capsys.readouterr().out


def test_a_torn_end_of_the_newest_segment_is_no_damage(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is what a crash leaves; in an older segment it is damage."""
    newest = store / "log" / "00000002.log"
    with newest.open("ab") as file:
        file.write(struct.pack("<I", 100))
    assert main(["storage", "verify", "--data", str(store)]) == 0
    assert "ends in 4 bytes of a write that was not finished" in capsys.readouterr().out
    (store / "log" / "00000003.log").write_bytes(b"")
    assert main(["storage", "verify", "--data", str(store)]) == 1


def test_a_folder_without_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so; an unknown format is refused."""
    assert main(["storage", "inspect", "--data", str(tmp_path)]) == 1
    assert f"there is no store in {tmp_path}" in capsys.readouterr().err
    for part in ("blocks", "log"):
        (tmp_path / part).mkdir()
    (tmp_path / "version").write_text("vedette storage, format 9\n")
    assert main(["storage", "verify", "--data", str(tmp_path)]) == 1
    assert "unknown format" in capsys.readouterr().err
