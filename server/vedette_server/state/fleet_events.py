"""The events of the fleet (SEL entries, traps, changes of hardware, reboots): rows and statements.

They are not the ``events`` of the schema, which are the changes of states that the checks have found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from vedette_shared.events import Severity

SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
"""From the least to the most: a place in it is what the database holds."""

_PUT = (
    "INSERT INTO fleet_events (agent, key, received, time, host, source, severity, text, labels)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agent, key) DO NOTHING"
)
_SELECT = "SELECT id, time, host, source, severity, text, labels, agent, received FROM fleet_events"

_label_decoder = msgspec.json.Decoder(dict[str, str])


class NewEvent(msgspec.Struct, frozen=True):
    """An event as it arrived.

    Attributes:
        agent: Who told it.
        key: Its own among the events of the agent; an event of a key that is known already is the same one again.
        time: When it happened, ms since the epoch.
        host: The host that it is about.
        source: What saw it.
        severity: How much it matters.
        text: One line for people.
        labels: What tells it from others of its source.
    """

    agent: str
    key: str
    time: int
    host: str
    source: str
    severity: Severity
    text: str
    labels: Mapping[str, str]


class FleetEvent(msgspec.Struct, frozen=True):
    """An event as it is stored; ``id`` grows in the order of arrival, ``received`` is in ms since the epoch."""

    id: int
    time: int
    host: str
    source: str
    severity: Severity
    text: str
    labels: Mapping[str, str]
    agent: str
    received: int


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events, newest first.

    Attributes:
        host, source: Of which; empty for all.
        severity: At least so much.
        since, until: From this time (ms), and before that one.
        arrived_after, arrived_upto: Only those that arrived behind this id, and up to that one.
        after: (time, id) of an event: only those behind it in the answer, which are older.
        limit: At most so many.
    """

    host: str = ""
    source: str = ""
    severity: Severity = Severity.INFO
    since: int | None = None
    until: int | None = None
    arrived_after: int | None = None
    arrived_upto: int | None = None
    after: tuple[int, int] | None = None
    limit: int = 100


def put_events(run: sqlite3.Cursor, events: Sequence[NewEvent], received: int) -> int:
    """Insert those that are not there yet; return how many."""
    run.executemany(_PUT, (_row(event, received) for event in events))
    return max(run.rowcount, 0)


def select(query: EventQuery) -> tuple[str, list[object]]:
    """Return the statement that finds the rows of ``query``, and its values."""
    conditions = [*_conditions(query)]
    where = " AND ".join(condition for condition, _ in conditions)
    values: list[object] = [value for _, bound in conditions for value in bound]
    return f"{_SELECT}{' WHERE ' + where if where else ''} ORDER BY time DESC, id DESC LIMIT ?", [*values, query.limit]


def event_of(row: Sequence[Any]) -> FleetEvent:
    """Return the event of a row that ``select`` found."""
    number, time, host, source, severity, text, labels, agent, received = row
    return FleetEvent(
        number, time, host, source, SEVERITIES[severity], text, _label_decoder.decode(labels), agent, received
    )


def prune_events(run: sqlite3.Cursor, before: int, most: int) -> int:
    """Delete what arrived before ``before`` (ms), and the first to arrive while there are more than ``most``."""
    old = run.execute("DELETE FROM fleet_events WHERE received < ?", (before,)).rowcount
    too_many = run.execute(
        "DELETE FROM fleet_events WHERE id <= (SELECT id FROM fleet_events ORDER BY id DESC LIMIT 1 OFFSET ?)", (most,)
    ).rowcount
    return old + too_many


def _row(event: NewEvent, received: int) -> tuple[object, ...]:
    labels = msgspec.json.encode(event.labels).decode()
    severity = SEVERITIES.index(event.severity)
    what = (event.time, event.host, event.source, severity, event.text, labels)
    return (event.agent, event.key, received, *what)


def _conditions(query: EventQuery) -> Iterator[tuple[str, tuple[object, ...]]]:
    if query.host:
        yield "host = ?", (query.host,)
    if query.source:
        yield "source = ?", (query.source,)
    if query.severity is not Severity.INFO:
        yield "severity >= ?", (SEVERITIES.index(query.severity),)
    if query.since is not None:
        yield "time >= ?", (query.since,)
    if query.until is not None:
        yield "time < ?", (query.until,)
    if query.arrived_after is not None:
        yield "id > ?", (query.arrived_after,)
    if query.arrived_upto is not None:
        yield "id <= ?", (query.arrived_upto,)
    if query.after is not None:
        yield "(time, id) < (?, ?)", query.after
