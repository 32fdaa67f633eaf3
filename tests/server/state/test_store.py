"""What was made durable is there after a restart; files of other programs and versions are refused untouched."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from vedette_server.state import (
    Batch,
    EventsConfig,
    HostRow,
    Outcome,
    QueuedRow,
    ServiceKey,
    ServiceRow,
    StateChange,
    StateConfig,
    StateError,
    StateSchemaError,
    ToldRow,
    open_state,
    prune_regularly,
)
from vedette_server.state.schema import APPLICATION_ID, MIGRATIONS
from vedette_shared.clock import ManualClock

HOST = HostRow("h1", 1, 1, 2, 1_000, 900, 800, 1, judged=True)
ROOT = ServiceRow(
    ServiceKey("h1", "filesystem", (("mountpoint", '/a "b"'),)), 2, 2, 1, 1_000, 900, 2_000, 0, 2, value=91.5
)
LOAD = ServiceRow(ServiceKey("h1", "load", ()), 0, 0, 1, 1_000, 0, 2_000, 0, 0, value=0.5)
EVENT = StateChange(1_000, "h1", "Filesystem /", "filesystem", "OK", "CRIT", True, 1, 91.5, "91.5 % used")
QUEUED = QueuedRow("n1", "mail", "h1/filesystem", 1_000, b"{}")
TOLD = ToldRow("mail", "h1/filesystem", "CRIT")
EVERYTHING = Batch((HOST,), (LOAD, ROOT), events=(EVENT,), notifications=(QUEUED,), told=(TOLD,))


async def test_a_batch_is_there_after_a_restart(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.apply(EVERYTHING)
    async with open_state(tmp_path / "state.sqlite") as store:
        assert await store.hosts() == [HOST]
        assert await store.services() == [ROOT, LOAD]
        assert await store.events() == [EVENT]
        assert await store.queue() == [QUEUED]
        assert await store.told() == [TOLD]


async def test_a_value_that_is_no_number_stays_none(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.apply(Batch(services=(replace(LOAD, value=math.nan),)))
        assert math.isnan((await store.services())[0].value)


async def test_rows_take_the_place_of_old_ones_and_removals_come_first(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.apply(EVERYTHING)
        worse = replace(LOAD, state=1)
        await store.apply(
            Batch(
                services=(worse,),
                removed_services=(ROOT.key, LOAD.key),
                removed_hosts=("h1",),
                told=(ToldRow("mail", "h1/filesystem", "OK"),),
            )
        )
        assert await store.services() == [worse]
        assert await store.hosts() == []
        assert await store.told() == []


def test_two_batches_make_one_in_which_the_later_has_the_last_word() -> None:
    worse = replace(LOAD, state=1)
    first = Batch((HOST,), (LOAD, ROOT), events=(EVENT,))
    second = Batch(services=(worse,), removed_services=(ROOT.key,), removed_hosts=("h1",))
    assert first.then(second) == Batch(
        hosts=(),
        services=(worse,),
        removed_hosts=("h1",),
        removed_services=(ROOT.key,),
        events=(EVENT,),
    )
    assert not Batch()
    assert first


async def test_the_queue_holds_what_is_not_finished_in_the_order_of_its_making(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        rows = [replace(QUEUED, id=name) for name in ("z", "y", "x", "w")]
        await store.apply(Batch(notifications=tuple(rows)))
        await store.failed("y", 3, "refused")
        await store.finished("z", Outcome.DELIVERED, 5_000)
        await store.finished("x", Outcome.DROPPED, 5_000, "too old")
        assert await store.queue() == [replace(QUEUED, id="y", attempts=3), replace(QUEUED, id="w")]
        assert await store.outcomes() == {Outcome.DELIVERED: 1, Outcome.DROPPED: 1}


async def test_a_notification_is_queued_once_and_stays_finished(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.apply(Batch(notifications=(QUEUED,)))
        await store.finished("n1", Outcome.DELIVERED, 5_000)
        await store.apply(Batch(notifications=(QUEUED,)))
        assert await store.queue() == []


async def test_events_newest_first_of_all_or_of_one_host(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        events = [replace(EVENT, time=time, host=host) for time, host in ((1, "a"), (2, "b"), (3, "a"))]
        await store.apply(Batch(events=tuple(events)))
        assert [event.time for event in await store.events(limit=2)] == [3, 2]
        assert [event.time for event in await store.events(host="a")] == [3, 1]


async def test_old_history_goes_and_open_notifications_stay(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.apply(Batch(events=(EVENT,), notifications=(QUEUED, replace(QUEUED, id="n2"))))
        await store.finished("n2", Outcome.DELIVERED, 2_000)
        assert await store.prune(3_000) == 2
        assert await store.events() == []
        assert await store.queue() == [QUEUED]
        assert await store.outcomes() == {}


async def test_history_is_pruned_regularly(tmp_path: Path) -> None:
    config, day = StateConfig(), 86_400_000
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.apply(Batch(events=(replace(EVENT, time=day), replace(EVENT, time=3 * day))))
        async with trio.open_nursery() as nursery:
            await nursery.start(prune_regularly, store, config, EventsConfig(), ManualClock(config.history + 2 * day))
            with trio.fail_after(10):
                while len(await store.events()) > 1:
                    await trio.sleep(0.002)
            nursery.cancel_scope.cancel()
        assert [event.time for event in await store.events()] == [3 * day]


async def test_a_batch_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_state(tmp_path / "state.sqlite") as store:
        broken = Batch((HOST,), events=(replace(EVENT, host=None),))  # type: ignore[arg-type] # on purpose
        with pytest.raises(StateError, match=r"state\.sqlite: NOT NULL constraint failed"):
            await store.apply(broken)
        assert await store.hosts() == []


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE anything (x)")
    connection.close()


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE moz_places (x)")
    connection.close()


def no_database(path: Path) -> None:
    path.write_text("This is a shopping list, not a database at all. " * 20)


REFUSED = [
    (
        newer,
        (
            f"has schema version 99, this Vedette knows up to {len(MIGRATIONS)}; "
            "install the version of Vedette that wrote it, or move the file away to begin anew"
        ),
    ),
    (foreign, "is not a database of Vedette's states; move it away or name another folder"),
    (
        no_database,
        "is damaged or no SQLite database (file is not a database); restore it, or move it away to begin anew",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
async def test_a_file_that_is_not_understood_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "state.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StateSchemaError) as caught:
        async with open_state(path):
            pass
    assert str(caught.value) == f"{path}: {message}"
    assert path.read_bytes() == before


async def test_a_torn_file_is_told(tmp_path: Path) -> None:
    """With what to do about it; what is left of it is left alone."""
    path = tmp_path / "state.sqlite"
    async with open_state(path) as state:
        await state.apply(Batch(hosts=[replace(HOST, host=f"host{number}") for number in range(500)]))
    path.write_bytes(path.read_bytes()[:-8192])
    with pytest.raises(StateSchemaError, match=r"is damaged or no SQLite database .* restore it"):
        async with open_state(path) as state:
            await state.hosts()


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be opened: unable to open database file"):
        async with open_state(tmp_path / "absent" / "state.sqlite"):
            pass


def test_the_schema_is_the_one_that_is_written_down(tmp_path: Path) -> None:
    """A change of the schema is a new migration and a new golden file."""
    golden = (Path(__file__).parent / "golden_schema.sql").read_text()
    assert "".join(MIGRATIONS).strip() == golden.strip()
