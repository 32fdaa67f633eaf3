"""The schema of the database and its versions; ``FORMAT.md`` describes it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vedette_server.state.errors import StateSchemaError

APPLICATION_ID = 0x56445354
"""``VDST``, in the head of the file, tells Vedette's databases from others."""

_VERSION_1 = """
CREATE TABLE hosts (
    host TEXT PRIMARY KEY, state INTEGER NOT NULL, hard_state INTEGER NOT NULL, attempt INTEGER NOT NULL,
    since INTEGER NOT NULL, problem_since INTEGER NOT NULL, seen INTEGER NOT NULL, notified INTEGER NOT NULL,
    judged INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE services (
    host TEXT NOT NULL, check_name TEXT NOT NULL, item TEXT NOT NULL, state INTEGER NOT NULL,
    hard_state INTEGER NOT NULL, attempt INTEGER NOT NULL, since INTEGER NOT NULL, problem_since INTEGER NOT NULL,
    last_check INTEGER NOT NULL, missing_since INTEGER NOT NULL, notified INTEGER NOT NULL, value REAL,
    PRIMARY KEY (host, check_name, item)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, host TEXT NOT NULL, service TEXT NOT NULL, check_name TEXT NOT NULL,
    previous TEXT NOT NULL, state TEXT NOT NULL, hard INTEGER NOT NULL, attempt INTEGER NOT NULL, value REAL,
    summary TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (time);
CREATE INDEX events_by_host ON events (host, time);
CREATE TABLE notifications (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, method TEXT NOT NULL, subject TEXT NOT NULL,
    created INTEGER NOT NULL, payload BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '', outcome TEXT, finished INTEGER
);
CREATE INDEX notifications_open ON notifications (sequence) WHERE outcome IS NULL;
CREATE INDEX notifications_finished ON notifications (finished) WHERE outcome IS NOT NULL;
CREATE TABLE told (
    method TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (method, subject)
) WITHOUT ROWID;
"""

_VERSION_2 = """
CREATE TABLE fleet_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL, key TEXT NOT NULL, received INTEGER NOT NULL,
    time INTEGER NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL, severity INTEGER NOT NULL, text TEXT NOT NULL,
    labels TEXT NOT NULL
);
CREATE UNIQUE INDEX fleet_events_by_key ON fleet_events (agent, key);
CREATE INDEX fleet_events_by_time ON fleet_events (time, id);
CREATE INDEX fleet_events_by_host ON fleet_events (host, time, id);
"""

FILE_NAME = "state.sqlite"
"""Its name in the server's data folder."""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2)
"""``MIGRATIONS[n]`` leads from version n to n + 1. A migration that was released is never changed."""


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to the newest version, one transaction a version.

    Raises:
        StateSchemaError: it belongs to another program or to a newer Vedette.
    """
    version = _pragma(connection, "user_version")
    application = _pragma(connection, "application_id")
    is_new = version == 0 and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if not is_new and application != APPLICATION_ID:
        raise StateSchemaError(f"{path}: is not a database of Vedette's states; move it away or name another folder")
    if version > len(MIGRATIONS):
        raise StateSchemaError(
            f"{path}: has schema version {version}, this Vedette knows up to {len(MIGRATIONS)}; "
            "install the version of Vedette that wrote it, or move the file away to begin anew"
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {number}; COMMIT;"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
