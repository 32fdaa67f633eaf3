"""The database as a file: a copy of it while a server writes it, and whether it is sound."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from vedette_server.state.errors import StateError
from vedette_server.state.schema import APPLICATION_ID, MIGRATIONS

_BUSY_TIMEOUT_S = 10.0
_MOST_FAULTS = 100
_PAGE = re.compile(r"\bpage (\d+)", re.IGNORECASE)
_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class DatabaseFault:
    """A place that is not as SQLite or Vedette writes it.

    Attributes:
        offset: The byte at which the page begins, 0 if no page is known.
        what: What is wrong.
    """

    offset: int
    what: str


def database_files(path: Path) -> list[Path]:
    """The database at ``path`` and what SQLite keeps beside it, as far as they exist."""
    return [file for name in ("", *_COMPANIONS) if (file := path.with_name(path.name + name)).exists()]


def copy_database(source: Path, goal: Path) -> None:
    """Copy the database as it is at this moment; a server may go on writing. The copy is one file, without a log.

    Raises:
        StateError: it cannot be read or written; ``goal`` may be there in part.
    """
    try:
        with closing(_open_to_read(source)) as old, closing(sqlite3.connect(goal, isolation_level=None)) as new:
            # In one step: in several, SQLite begins anew whenever the server has written in between.
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StateError(f"{source}: cannot be copied to {goal}: {error}") from error


def check_database(path: Path) -> Iterator[DatabaseFault]:
    """Read all of a database; yield what is wrong.

    SQLite keeps no checksums, so that a wrong value may pass for a right one.

    Raises:
        StateError: it cannot be read.
    """
    try:
        with closing(_open_to_read(path)) as connection:
            yield from _faults(connection)
    except sqlite3.OperationalError as error:
        raise StateError(f"{path}: cannot be read: {error}") from error
    except sqlite3.DatabaseError as error:
        yield DatabaseFault(0, str(error))


def _faults(connection: sqlite3.Connection) -> Iterator[DatabaseFault]:
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        yield DatabaseFault(0, "it is not a database of Vedette's states")
        return
    if version > len(MIGRATIONS):
        yield DatabaseFault(0, f"schema version {version}, and this Vedette knows up to {len(MIGRATIONS)}")
        return
    for (text,) in connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})"):
        for line in str(text).splitlines():
            if line != "ok" and not line.startswith("***"):
                page = _PAGE.search(line)
                yield DatabaseFault((int(page[1]) - 1) * page_size if page else 0, line)


def _open_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
