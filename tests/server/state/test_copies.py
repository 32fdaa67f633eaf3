"""Copies of the database while it is written, and what a check says of damaged ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import trio

from vedette_server.state import (
    DatabaseFault,
    NewEvent,
    StateError,
    check_database,
    copy_database,
    database_files,
    open_state,
)
from vedette_shared.events import Severity

EVENTS = 400


def event(number: int) -> NewEvent:
    return NewEvent("agent", f"id:{number}", number, "a", "sel", Severity.WARNING, f"event {number} {'.' * 200}", {})


async def fill(path: Path) -> None:
    async with open_state(path) as state:
        await state.add_events([event(number) for number in range(EVENTS)], 1)


def events_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM fleet_events").fetchone()
    return int(count)


async def test_a_copy_of_a_database_in_use(tmp_path: Path) -> None:
    """It holds all that was durable, in one file that needs no other, and is sound."""
    goal = tmp_path / "copy.sqlite"
    async with open_state(tmp_path / "state.sqlite") as state:
        await state.add_events([event(0)], 1)
        assert database_files(tmp_path / "state.sqlite")[1:]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, copy_database, tmp_path / "state.sqlite", goal)
            for number in range(1, 50):
                await state.add_events([event(number)], 1)
    assert database_files(goal) == [goal]
    assert list(check_database(goal)) == []
    assert database_files(goal) == [goal]
    assert 1 <= events_in(goal) <= 50


def overwrite(path: Path, offset: int, data: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        pytest.param(lambda _: None, None, id="sound"),
        pytest.param(lambda path: overwrite(path, 0, b"no"), DatabaseFault(0, "file is not a database"), id="its head"),
        pytest.param(
            lambda path: overwrite(path, 60, b"\0\0\0\x63"),
            DatabaseFault(0, "schema version 99, and this Vedette knows up to 2"),
            id="a newer version",
        ),
        pytest.param(
            lambda path: overwrite(path, 68, b"ABCD"),
            DatabaseFault(0, "it is not a database of Vedette's states"),
            id="of another program",
        ),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes()[:-4096]),
            DatabaseFault(0, "database disk image is malformed"),
            id="torn",
        ),
    ],
)
async def test_a_check(tmp_path: Path, harm: Callable[[Path], None], fault: DatabaseFault | None) -> None:
    path = tmp_path / "state.sqlite"
    await fill(path)
    harm(path)
    assert list(check_database(path))[:1] == ([] if fault is None else [fault])


async def test_a_check_names_the_place(tmp_path: Path) -> None:
    """The byte where the damaged page begins."""
    path = tmp_path / "state.sqlite"
    await fill(path)
    page = path.read_bytes().index(b"event 7 .") // 4096 * 4096
    overwrite(path, page + 7, b"\x09")
    assert [fault.offset for fault in check_database(path)] == [page]


async def test_what_cannot_be_copied(tmp_path: Path) -> None:
    """One error that names the file."""
    with pytest.raises(StateError, match=r"none\.sqlite: cannot be copied"):
        copy_database(tmp_path / "none.sqlite", tmp_path / "copy.sqlite")
    (tmp_path / "text").write_text("no database" * 1000)
    with pytest.raises(StateError, match=r"text: cannot be copied"):
        copy_database(tmp_path / "text", tmp_path / "copy.sqlite")
