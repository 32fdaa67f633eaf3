"""Events are stored once, outlive a restart, and go when they are old or too many."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import trio
from msgspec.structs import replace

from vedette_server.state import (
    EventQuery,
    EventsConfig,
    FleetEvent,
    NewEvent,
    StateConfig,
    StateStore,
    open_state,
    prune_regularly,
)
from vedette_server.state.schema import APPLICATION_ID, MIGRATIONS
from vedette_shared.clock import ManualClock
from vedette_shared.events import Severity

EVENT = NewEvent("h1", "at:1.1.0", -5, "h1", "ipmi", Severity.CRITICAL, "PS2: input lost", {"sensor": "PS2", "ü": "1"})
OTHERS = [replace(EVENT, key=f"id:{number}", time=number) for number in range(1, 5)]
DAY = 86_400_000


async def times(store: StateStore) -> list[int]:
    return [event.time for event in await store.fleet_events(EventQuery())]


async def test_an_event_is_there_after_a_restart(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        assert await store.add_events([EVENT], 7_000) == 1
    async with open_state(tmp_path / "state.sqlite") as store:
        assert await store.fleet_events(EventQuery()) == [
            FleetEvent(1, -5, "h1", "ipmi", Severity.CRITICAL, "PS2: input lost", EVENT.labels, "h1", 7_000)
        ]


async def test_a_key_of_an_agent_is_stored_once(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        assert await store.add_events([EVENT, *OTHERS[:2]], 7_000) == 3
        assert await store.add_events([replace(EVENT, text="other"), OTHERS[2], replace(EVENT, agent="h2")], 8_000) == 2
        assert [event.text for event in await store.fleet_events(EventQuery())] == [EVENT.text] * 5


async def test_old_ones_and_those_beyond_the_most_go(tmp_path: Path) -> None:
    """By their arrival: a BMC whose clock is wrong does not make its events old."""
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.add_events([EVENT], 7_000)
        await store.add_events(OTHERS, 8_000)
        assert await store.prune_events(8_000, 4) == 1
        assert await store.prune_events(8_000, 3) == 1
        assert await times(store) == [4, 3, 2]
        await store.prune_events(9_000, 3)
        assert (await times(store), await store.last_event()) == ([], 5)


async def test_events_are_pruned_regularly(tmp_path: Path) -> None:
    config, clock = EventsConfig(), ManualClock(EventsConfig().keep + 2 * DAY)
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.add_events(OTHERS[:2], DAY)
        await store.add_events(OTHERS[2:], 3 * DAY)
        async with trio.open_nursery() as nursery:
            await nursery.start(prune_regularly, store, StateConfig(), config, clock)
            with trio.fail_after(10):
                while len(await times(store)) > 2:
                    await trio.sleep(0.002)
            nursery.cancel_scope.cancel()
        assert await times(store) == [4, 3]


async def test_a_database_without_events_gets_room_for_them(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    connection.executescript(
        f"{MIGRATIONS[0]} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;"
        "INSERT INTO told VALUES ('mail', 'h1', 'CRIT');"
    )
    connection.close()
    async with open_state(tmp_path / "state.sqlite") as store:
        assert await store.add_events([EVENT], 7_000) == 1
        assert [row.subject for row in await store.told()] == ["h1"]
