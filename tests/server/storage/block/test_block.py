"""Block files: the golden one reads as ever, and damage is named, set aside, and harms nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, to_frame, to_layout, to_samples
from vedette_server.storage import DamagedFileError
from vedette_server.storage.block.meta import HEAD, TAIL
from vedette_server.storage.block.reader import Block
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import everything
from vedette_server.storage.read.assemble import assemble
from vedette_server.storage.read.cache import PieceCache
from vedette_shared.clock import ManualClock
from vedette_shared.frames import ABSENT, STALE_BITS, Sender
from vedette_shared.labels import format_series

GOLDEN = Path(__file__).with_name("golden.block")
LAYOUT = to_layout("load", "memory{free}", "memory{used}")
OTHER = to_layout("load", "swap")


def read_block(path: Path) -> Samples:
    index = Index()
    block = Block(path, index, PieceCache(1 << 20))
    return to_samples(assemble(index, [block], everything(index), -(2**62), 2**62))


async def write_samples(folder: Path, clock: ManualClock) -> None:
    """Two hosts, one of which changes its layout; values of every kind."""
    async with run_store(folder, clock) as store:
        for i in range(5):
            special = [float("inf"), -0.0, float("nan"), 1 / 3, 0.1][i]
            frames = [
                to_frame(2 * i + 1, NOW + 1000 * i, "a", LAYOUT, [i, special, 2.5]),
                to_frame(2 * i + 2, NOW + 1000 * i + 7, "b", LAYOUT, [i / 100, ABSENT if i == 2 else 10**15 + i, 7])
                if i < 3
                else to_frame(2 * i + 2, NOW + 1000 * i + 7, "b", OTHER, [i / 100, 1]),
            ]
            await store.appender.append_frames(Sender("agent", 1), [LAYOUT, OTHER], frames)
        await cut(store, clock)


def test_the_golden_block_reads_as_ever() -> None:
    """The format of FORMAT.md, version 1: every bit of every sample."""
    samples = {
        format_series(labels): [(time - NOW, f"{bits:016x}") for time, bits in times.items()]
        for labels, times in read_block(GOLDEN).items()
    }
    expected = {
        'load{host="a", job="node"}': [(1000 * i, f"{int(np.float64(i).view(np.uint64)):016x}") for i in range(5)],
        'load{host="b", job="node"}': [
            (1000 * i + 7, f"{int(np.float64(i / 100).view(np.uint64)):016x}") for i in range(5)
        ],
        'memory{host="a", job="node", x="free"}': [
            (0, "7ff0000000000000"),
            (1000, "8000000000000000"),
            (2000, "7ff8000000000000"),
            (3000, "3fd5555555555555"),
            (4000, "3fb999999999999a"),
        ],
        'memory{host="a", job="node", x="used"}': [(1000 * i, "4004000000000000") for i in range(5)],
        'memory{host="b", job="node", x="free"}': [
            (7, "430c6bf526340000"),
            (1007, "430c6bf526340008"),
            (3007, f"{STALE_BITS:016x}"),
        ],
        'memory{host="b", job="node", x="used"}': [
            (7, "401c000000000000"),
            (1007, "401c000000000000"),
            (2007, "401c000000000000"),
            (3007, f"{STALE_BITS:016x}"),
        ],
        'swap{host="b", job="node"}': [(3007, "3ff0000000000000"), (4007, "3ff0000000000000")],
    }
    assert samples == expected


async def test_what_is_written_today_says_the_same(tmp_path: Path, clock: ManualClock) -> None:
    """The golden block's samples, written anew."""
    await write_samples(tmp_path, clock)
    (path,) = (tmp_path / "blocks").iterdir()
    assert read_block(path) == read_block(GOLDEN)


@pytest.mark.parametrize("place", [0, 5, -1, -5, -15, -40], ids=["magic", "version", "end", "checksum", "tail", "meta"])
def test_a_damaged_frame_of_the_file_is_told(tmp_path: Path, place: int) -> None:
    """With the file and the place."""
    data = bytearray(GOLDEN.read_bytes())
    data[place] ^= 0x10
    path = tmp_path / "x.block"
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"x\.block is damaged at byte \d+"):
        read_block(path)


@pytest.mark.parametrize("size", [0, 10, HEAD.size + TAIL.size - 1, 500, -1])
def test_a_file_cut_short_is_told(tmp_path: Path, size: int) -> None:
    """Wherever it ends."""
    path = tmp_path / "x.block"
    path.write_bytes(GOLDEN.read_bytes()[:size])
    with pytest.raises(DamagedFileError):
        read_block(path)


def test_no_flipped_byte_goes_unseen(tmp_path: Path) -> None:
    """Any byte: the block is refused, or ``verify`` names the piece. But for the eight zeros of the head."""
    path = tmp_path / "x.block"
    golden = GOLDEN.read_bytes()
    unseen = []
    for place in range(len(golden)):
        path.write_bytes(golden[:place] + bytes([golden[place] ^ 0x41]) + golden[place + 1 :])
        try:
            found = Block(path, Index(), PieceCache(1 << 20)).verify()
        except DamagedFileError:
            continue
        if not found:
            unseen.append(place)
    assert unseen == list(range(8, 16))


async def test_a_damaged_piece_is_named_and_the_rest_serves(tmp_path: Path, clock: ManualClock) -> None:
    """The block's other pieces are read, at once and after merging; the file is kept for who wants to look at it."""
    await write_samples(tmp_path, clock)
    (path,) = (tmp_path / "blocks").iterdir()
    whole = read_block(path)
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    (error,) = Block(path, Index(), PieceCache(1 << 20)).verify()
    assert str(error).startswith(f"{path} is damaged at byte 16: the checksum of piece 0 of column load to swap")
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == {}
        late = to_frame(100, NOW + 9000, "a", LAYOUT, [1, 2, 3])
        await store.appender.append_frames(Sender("agent", 1), [], [late])
        found = read_all(store.querier)
        assert {len(times) for times in found.values()} == {1}
        assert set(found) < set(whole)
        clock.advance(86_400_000)
        await cut(store, clock)
        assert read_all(store.querier) == found
    assert [kept.name for kept in (tmp_path / "damaged").iterdir()] == [path.name]


async def test_a_damaged_block_is_set_aside(tmp_path: Path, clock: ManualClock) -> None:
    """Its directory cannot be read: the store opens without it, and says so."""
    await write_samples(tmp_path, clock)
    (path,) = (tmp_path / "blocks").iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == {}
        assert store.statistics().damaged == 1
    assert [kept.name for kept in (tmp_path / "damaged").iterdir()] == [path.name]
