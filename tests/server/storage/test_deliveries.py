"""Frames of many senders at once: one commit, and to each its own outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.storage.support import NOW, read_all, run_store, to_frame, to_layout
from vedette_server.storage import StorageError
from vedette_server.storage.interface import Delivery, Receipt
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
            assert await store.appender.append_deliveries([Delivery(sender, [LAYOUT], [frame])]) == [receipt]
        found = read_all(store.querier)
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == found
        assert sorted(len(times) for times in found.values()) == [5, 5]


async def test_a_store_that_does_not_run_takes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    async with run_store(tmp_path, clock) as store:
        appender = store.appender
    with pytest.raises(StorageError, match="closing"):
        await appender.append_deliveries([Delivery(Sender("a", 1), [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1, 2])])])
