"""Blocks that are joined for reading give what each of them gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, to_frame, to_layout, to_samples
from vedette_server.storage import StorageOptions, Store, contents
from vedette_server.storage.index.selection import select
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_server.storage.read.assemble import assemble
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Sender

LAYOUTS = [to_layout("load", "memory{free}"), to_layout("load", "swap", "memory{used}"), to_layout("load")]
BLOCKS, ROWS = 4, 5
ALL = ()
HOST = (Matcher("host", MatchOp.EQUAL, "b"),)
LOAD = (Matcher("__name__", MatchOp.EQUAL, "load"),)
RANGES = [(0, 2**60), (NOW + 3000, NOW + 11_000), (NOW + 7000, NOW + 7000), (0, 1)]


async def write_blocks(store: Store, clock: ManualClock) -> None:
    """Blocks whose hosts, layouts and times differ, and a head; the last sample of a block stands in the next, too."""
    sequence = 0
    for block in range(BLOCKS + 1):
        for row in range(ROWS):
            for place, host in enumerate("abc"[: 2 + block % 2]):
                sequence += 1
                layout = LAYOUTS[(block + place) % 3]
                at = NOW + 1000 * (4 * block + row) + place
                values = [float(100 * block + row + i) for i in range(len(layout.series))]
                frame = to_frame(sequence, at, host, layout, values)
                await store.appender.append_frames(Sender("agent", 1), [layout], [frame])
        if block < BLOCKS:
            await cut(store, clock)


def read_apart(store: Store, matchers: tuple[Matcher, ...], start: int, end: int) -> Samples:
    """What all blocks hold, each read for itself."""
    index = store._index
    return to_samples(assemble(index, store._state.contents.sources(index), select(index, matchers), start, end))


@pytest.mark.parametrize("size", [0, 12, 2**19], ids=["none", "some", "all"])
async def test_joined_blocks(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Whatever is asked for, however many are joined, from the cache or not, and after a deletion."""
    monkeypatch.setattr(contents, "JOINED_SIZE", size)
    async with run_store(tmp_path, clock, StorageOptions(commit_delay_ms=0, retention_ms=0)) as store:
        await write_blocks(store, clock)
        for _ in range(2):
            for matchers in (ALL, HOST, LOAD):
                for start, end in RANGES:
                    expected = read_apart(store, matchers, start, end)
                    assert read_all(store.querier, *matchers, start=start, end=end) == expected
            await store.delete(LOAD, NOW + 5000, NOW + 6000)
        assert len(read_all(store.querier)) == 10


async def test_a_damaged_piece_among_joined_blocks(tmp_path: Path, clock: ManualClock) -> None:
    """Only what it held is missing, and it is told."""
    async with run_store(tmp_path, clock, StorageOptions(commit_delay_ms=0, retention_ms=0)) as store:
        await write_blocks(store, clock)
        whole = read_all(store.querier)
        hurt = store._state.contents.blocks[1]
    section = hurt.values.section(0)
    data = bytearray(hurt.path.read_bytes())
    data[section.offset + section.length // 2] ^= 1
    hurt.path.write_bytes(data)
    async with run_store(tmp_path, clock, StorageOptions(commit_delay_ms=0, retention_ms=0)) as store:
        left = read_all(store.querier)
        assert store.statistics().damaged == 1
        assert left == read_apart(store, ALL, 0, 2**60)
    gone = [at for labels, samples in whole.items() for at in samples.keys() - left.get(labels, {}).keys()]
    assert gone
    assert all(hurt.min_time <= at <= hurt.max_time for at in gone)
