"""The statements: synchronous, for one thread at a time."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from vedette_server.state.errors import StateError, StateSchemaError
from vedette_server.state.fleet_events import (
    EventQuery,
    FleetEvent,
    NewEvent,
    event_of,
    prune_events,
    put_events,
    select,
)
from vedette_server.state.rows import Batch, HostRow, Outcome, QueuedRow, ServiceKey, ServiceRow, StateChange, ToldRow
from vedette_server.state.schema import upgrade
from vedette_server.state.states import GOOD_STATES
from vedette_shared.labels import Labels, flatten, unflatten

_BUSY_TIMEOUT_S = 10.0

_item_encoder = msgspec.json.Encoder()
_item_decoder = msgspec.json.Decoder(list[str])

_PUT_HOST = "INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_SERVICE = "INSERT OR REPLACE INTO services VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_EVENT = (
    "INSERT INTO events (time, host, service, check_name, previous, state, hard, attempt, value, summary)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_EVENTS = (
    "SELECT time, host, service, check_name, previous, state, hard, attempt, value, summary"
    " FROM events ORDER BY time DESC, id DESC LIMIT ?"
)
_EVENTS_OF_HOST = _EVENTS.replace(" ORDER", " WHERE host = ? ORDER")
_PUT_NOTIFICATION = (
    "INSERT OR IGNORE INTO notifications (id, method, subject, created, payload, attempts) VALUES (?, ?, ?, ?, ?, ?)"
)


class Database:
    """An open database. ``StateStore`` sees to it that one thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StateSchemaError: it is no database of a version that is known.
            StateError: it cannot be opened.
        """
        self._path = path
        try:
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StateError(f"{path}: cannot be opened: {error}") from error
        try:
            with self._errors():
                upgrade(self._connection, path)
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def apply(self, batch: Batch) -> None:
        """Make a batch durable, all of it or nothing.

        Raises:
            StateError: nothing was written.
        """
        with self._transaction() as run:
            run.executemany("DELETE FROM hosts WHERE host = ?", [(host,) for host in batch.removed_hosts])
            run.executemany(
                "DELETE FROM services WHERE host = ? AND check_name = ? AND item = ?", map(_key, batch.removed_services)
            )
            run.executemany(_PUT_HOST, map(_host, batch.hosts))
            run.executemany(_PUT_SERVICE, map(_service, batch.services))
            run.executemany(_PUT_EVENT, map(_event, batch.events))
            run.executemany(_PUT_NOTIFICATION, map(_queued, batch.notifications))
            for told in batch.told:
                _tell(run, told)

    def hosts(self) -> list[HostRow]:
        """All hosts, by name."""
        return [
            HostRow(host, state, hard, attempt, since, problem, seen, notified, bool(judged))
            for host, state, hard, attempt, since, problem, seen, notified, judged in self._read(
                "SELECT * FROM hosts ORDER BY host"
            )
        ]

    def services(self) -> list[ServiceRow]:
        """All services, by host, check and item."""
        rows = self._read("SELECT * FROM services ORDER BY host, check_name, item")
        return [
            ServiceRow(
                ServiceKey(host, check, _labels(item)),
                state,
                hard,
                attempt,
                since,
                problem,
                checked,
                missing,
                notified,
                _number(value),
            )
            for host, check, item, state, hard, attempt, since, problem, checked, missing, notified, value in rows
        ]

    def told(self) -> list[ToldRow]:
        """What every method was last told of each problem that it has not seen end."""
        return [ToldRow(*row) for row in self._read("SELECT * FROM told ORDER BY method, subject")]

    def queue(self) -> list[QueuedRow]:
        """The notifications that are still to be sent, oldest first."""
        rows = self._read(
            "SELECT id, method, subject, created, payload, attempts FROM notifications"
            " WHERE outcome IS NULL ORDER BY sequence"
        )
        return [QueuedRow(*row) for row in rows]

    def outcomes(self) -> dict[Outcome, int]:
        """How many of the notifications that are still on record ended in which way."""
        rows = self._read("SELECT outcome, count(*) FROM notifications WHERE outcome IS NOT NULL GROUP BY outcome")
        return {Outcome(name): count for name, count in rows}

    def events(self, *, host: str | None = None, limit: int = 1000) -> list[StateChange]:
        """The newest changes of states, newest first."""
        rows = self._read(_EVENTS, (limit,)) if host is None else self._read(_EVENTS_OF_HOST, (host, limit))
        return [
            StateChange(time, name, service, check, before, state, bool(hard), attempt, _number(value), summary)
            for time, name, service, check, before, state, hard, attempt, value, summary in rows
        ]

    def add_events(self, events: Sequence[NewEvent], received: int) -> int:
        """Make events durable; return how many of them are new."""
        with self._transaction() as run:
            return put_events(run, events, received)

    def fleet_events(self, query: EventQuery) -> list[FleetEvent]:
        """The events of the fleet that ``query`` asks for."""
        return [event_of(row) for row in self._read(*select(query))]

    def last_event(self) -> int:
        """The id of the event that arrived last, though it may be gone; 0 if there was none."""
        rows = self._read("SELECT seq FROM sqlite_sequence WHERE name = 'fleet_events'")
        return int(rows[0][0]) if rows else 0

    def prune_events(self, before: int, most: int) -> int:
        """Delete the events that arrived before a time (ms), and the oldest beyond ``most``; return how many went."""
        with self._transaction() as run:
            return prune_events(run, before, most)

    def failed(self, identity: str, attempts: int, error: str) -> None:
        """Note a vain attempt to send a notification."""
        with self._transaction() as run:
            run.execute(
                "UPDATE notifications SET attempts = ?, last_error = ? WHERE id = ?", (attempts, error, identity)
            )

    def finished(self, identity: str, outcome: Outcome, time: int, error: str) -> None:
        """Note how a notification ended; it is never sent again."""
        with self._transaction() as run:
            run.execute(
                "UPDATE notifications SET outcome = ?, finished = ?, last_error = ? WHERE id = ?",
                (outcome.value, time, error, identity),
            )

    def prune(self, before: int) -> int:
        """Delete the history from before a time (ms); return how many rows went."""
        with self._transaction() as run:
            events = run.execute("DELETE FROM events WHERE time < ?", (before,)).rowcount
            log = run.execute("DELETE FROM notifications WHERE outcome IS NOT NULL AND finished < ?", (before,))
            return events + log.rowcount

    def _read(self, statement: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        with self._errors():
            return self._connection.execute(statement, tuple(values)).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._errors():
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
            raise StateError(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StateSchemaError(
                f"{self._path}: is damaged or no SQLite database ({error}); restore it, or move it away to begin anew"
            ) from error


def _tell(run: sqlite3.Cursor, told: ToldRow) -> None:
    if told.state in GOOD_STATES:
        run.execute("DELETE FROM told WHERE method = ? AND subject = ?", (told.method, told.subject))
    else:
        run.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?)", (told.method, told.subject, told.state))


def _host(row: HostRow) -> tuple[object, ...]:
    return (
        row.host,
        row.state,
        row.hard_state,
        row.attempt,
        row.since,
        row.problem_since,
        row.seen,
        row.notified,
        int(row.judged),
    )


def _service(row: ServiceRow) -> tuple[object, ...]:
    return (
        *_key(row.key),
        row.state,
        row.hard_state,
        row.attempt,
        row.since,
        row.problem_since,
        row.last_check,
        row.missing_since,
        row.notified,
        _real(row.value),
    )


def _event(row: StateChange) -> tuple[object, ...]:
    return (
        row.time,
        row.host,
        row.service,
        row.check,
        row.previous,
        row.state,
        int(row.hard),
        row.attempt,
        _real(row.value),
        row.summary,
    )


def _queued(row: QueuedRow) -> tuple[object, ...]:
    return (row.id, row.method, row.subject, row.created, row.payload, row.attempts)


def _key(key: ServiceKey) -> tuple[str, str, str]:
    return (key.host, key.check, _item_encoder.encode(flatten(key.item)).decode())


def _labels(item: str) -> Labels:
    return unflatten(_item_decoder.decode(item))


def _real(value: float) -> float | None:
    """SQLite has no NaN."""
    return None if math.isnan(value) else value


def _number(value: float | None) -> float:
    return math.nan if value is None else value
