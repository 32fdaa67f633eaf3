"""Frames of many senders at once: one commit, and to each its own outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.storage.support import NOW, read_all, run_store, to_frame, to_layout
from vedette_server.storage import StorageError, StorageOptions
from vedette_server.storage.interface import Delivery, Receipt
from vedette_server.storage.rows import MOST_ROWS
from vedette_shared.clock import ManualClock
from vedette_shared.errors import FrameError
from vedette_shared.frames import ABSENT, Sender

LAYOUT = to_layout("load", "memory")


async def test_each_sender_gets_its_own_outcome(tmp_path: Path, clock: ManualClock) -> None:
    async with run_store(tmp_path, clock) as store:
        before = store.statistics().fsyncs
        good = [Delivery(Sender(host, 1), [LAYOUT], [to_frame(1, NOW, host, LAYOUT, [1.0, ABSENT])]) for host in "abc"]
        misfit = Delivery(Sender("d", 1), [LAYOUT], [to_frame(1, NOW, "d", LAYOUT, [1.0])])
        outcomes = await store.appender.append_deliveries([*good[:2], misfit, good[2]])
        refused = outcomes[2]
        assert isinstance(refused, FrameError)
        assert str(refused) == "frame 1 has not as many values as its layout has series"
        receipt = Receipt(1, 0, 0, 0, 1)
        assert [*outcomes[:2], outcomes[3]] == [receipt] * 3
        assert store.statistics().fsyncs == before + 1
        assert len(read_all(store.querier)) == 3
        repeated = Receipt(0, 1, 0, 0, 1)
        assert await store.appender.append_deliveries(good) == [repeated] * 3
        assert store.statistics().fsyncs == before + 1


async def test_what_goes_on_is_stored_as_what_does_not(tmp_path: Path, clock: ManualClock) -> None:
    """The quick road of a frame after the first, and its repetition, its rival and its late arrival beside it."""
    sender = Sender("a", 1)
    steps = [
        (to_frame(1, NOW, "a", LAYOUT, [1, 2]), Receipt(2, 0, 0, 0, 1)),
        (to_frame(2, NOW + 1000, "a", LAYOUT, [3, 4]), Receipt(2, 0, 0, 0, 2)),
        (to_frame(3, NOW + 2000, "a", LAYOUT, [5, ABSENT]), Receipt(1, 0, 0, 0, 3)),
        (to_frame(3, NOW + 2000, "a", LAYOUT, [5, ABSENT]), Receipt(0, 1, 0, 0, 3)),
        (to_frame(4, NOW + 2000, "a", LAYOUT, [5, 6]), Receipt(1, 1, 0, 0, 4)),
        (to_frame(6, NOW + 500, "a", LAYOUT, [7, 8]), Receipt(2, 0, 0, 0, 6)),
        (to_frame(5, NOW + 3000, "a", LAYOUT, [9, 9]), Receipt(2, 0, 0, 0, 6)),
    ]
    async with run_store(tmp_path, clock) as store:
        for frame, receipt in steps:
            layouts = [LAYOUT] if frame.sequence == 1 else []
            assert await store.appender.append_deliveries([Delivery(sender, layouts, [frame])]) == [receipt]
        found = read_all(store.querier)
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == found
        assert sorted(len(times) for times in found.values()) == [5, 5]


async def test_rows_that_lose_their_way_before_they_are_written(tmp_path: Path, clock: ManualClock) -> None:
    """A head is begun at each commit: what was to go on in the old one goes into the new one, late or not."""
    options = StorageOptions(commit_delay_ms=0, cut_after_ms=1000)

    def delivered(sequence: int, timestamp: int, hosts: str = "abc") -> list[Delivery]:
        return [
            Delivery(Sender(host, 1), (), [to_frame(sequence, timestamp, host, LAYOUT, [1, ABSENT])]) for host in hosts
        ]

    async with run_store(tmp_path, clock, options) as store:
        append = store.appender.append_deliveries
        await append([Delivery(one.sender, [LAYOUT], one.frames) for one in delivered(1, NOW)])
        clock.advance(2000)
        assert await append(delivered(2, NOW + 1000)) == [Receipt(1, 0, 0, 0, 2)] * 3
        await append(delivered(3, NOW + 2000, "ab"))
        clock.advance(2000)
        late = [*delivered(5, NOW + 2000), *delivered(5, NOW + 2000, "c")]
        repeated = Receipt(0, 1, 0, 0, 5)
        assert await append(late) == [repeated, repeated, Receipt(1, 0, 0, 0, 5), repeated]
        found = read_all(store.querier)
        assert sorted(map(list, found.values())) == [[NOW, NOW + 1000, NOW + 2000]] * 3
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == found


async def test_more_rows_than_are_taken_in_at_once(tmp_path: Path, clock: ManualClock) -> None:
    hosts = [f"h{i}" for i in range(2 * MOST_ROWS + 1)]
    async with run_store(tmp_path, clock) as store:
        for i in range(2):
            deliveries = [
                Delivery(Sender(host, 1), [] if i else [LAYOUT], [to_frame(1 + i, NOW + i, host, LAYOUT, [i, 2])])
                for host in hosts
            ]
            assert await store.appender.append_deliveries(deliveries) == [Receipt(2, 0, 0, 0, 1 + i)] * len(hosts)
        assert store.statistics().appended == 4 * len(hosts)
        assert {len(times) for times in read_all(store.querier).values()} == {2}


async def test_a_store_that_does_not_run_takes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    async with run_store(tmp_path, clock) as store:
        appender = store.appender
    with pytest.raises(StorageError, match="closing"):
        await appender.append_deliveries([Delivery(Sender("a", 1), [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1, 2])])])
