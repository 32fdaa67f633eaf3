"""A store that is opened again after deletions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.storage.support import NOW, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Sender

LAYOUT = to_layout("load")


@pytest.mark.parametrize("is_cut", [False, True])
async def test_what_came_after_a_deletion_outlives_a_restart(tmp_path: Path, clock: ManualClock, is_cut: bool) -> None:
    """Whether the segments before the deletion have become blocks by then, or not."""
    job = [Matcher("job", MatchOp.EQUAL, "node")]
    async with run_store(tmp_path, clock) as store:
        for sequence in (1, 2, 3):
            frame = to_frame(sequence, NOW + 1000 * sequence, "a", LAYOUT, [float(sequence)])
            await store.appender.append_frames(Sender("a", 1), [LAYOUT], [frame])
            if sequence < 3:
                await store.delete(job, NOW, NOW + 500)
                if is_cut:
                    await cut(store, clock)
        expected = read_all(store.querier)
    assert [len(times) for times in expected.values()] == [3]
    for _ in range(2):
        async with run_store(tmp_path, clock) as store:
            assert read_all(store.querier) == expected


async def test_a_deletion_after_one_of_nothing(tmp_path: Path, clock: ManualClock) -> None:
    """What an earlier deletion, long carried out, did not touch in a block, a later one does."""
    async with run_store(tmp_path, clock) as store:
        frame = to_frame(1, NOW, "a", LAYOUT, [1.0])
        await store.appender.append_frames(Sender("a", 1), [LAYOUT], [frame])
        await cut(store, clock)
        for host in ("none", "a"):
            await store.delete([Matcher("host", MatchOp.EQUAL, host)], 0, NOW)
            await settle(store)
        assert read_all(store.querier) == {}
    async with run_store(tmp_path, clock) as store:
        assert read_all(store.querier) == {}
