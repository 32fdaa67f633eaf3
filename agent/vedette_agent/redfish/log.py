"""Entries of a log service as events, behind a cursor. JSON objects in, values out.

Source: DMTF DSP2046, LogService and LogEntry. An entry is known by its id and its date together, so that neither has
to make sense by itself: ids begin anew in a log that was cleared, and clocks of BMCs jump.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from vedette_agent.ipmi.readings import LogNews, SelCursor
from vedette_agent.redfish.resources import Resource, children, text
from vedette_shared.events import Event, Severity

MOST_ENTRIES = 64
"""That become events at one reading; the rest follows at the next."""

RECORD_BYTES = 16
"""Of a record of IPMI's log, in which free space is counted."""

_MOST_TEXT = 500
_SEVERITIES = {"OK": Severity.INFO, "Warning": Severity.WARNING, "Critical": Severity.CRITICAL}

_BEST = ("sel", "iml", "log1", "platformlog", "eventlog", "standardlog")
"""Ids of the log of hardware's events: of Dell and others, HPE, Supermicro, Lenovo, OpenBMC, Lenovo once more."""


def choose_log(services: Iterable[Resource]) -> Resource | None:
    """Return the log service that is the system event log: one that says so, or has the name of one."""
    ranked = [(_rank(service), place, service) for place, service in enumerate(services)]
    ranked = [row for row in ranked if row[0] <= len(_BEST)]
    return min(ranked, key=lambda row: row[:2])[2] if ranked else None


def _rank(service: Resource) -> int:
    name = text(service, "Id").lower()
    if text(service, "LogEntryType") == "SEL" or name == "sel":
        return 0
    return _BEST.index(name) + 1 if name in _BEST else len(_BEST) + 1


def entry_key(entry: Resource) -> str:
    """What an entry is known by."""
    return f"{text(entry, 'Id', '@odata.id')} {text(entry, 'Created', 'EventTimestamp')}"


def is_newest_first(entries: Sequence[Resource]) -> bool:
    """Whether the log lists its entries so; the manufacturers differ."""
    return len(entries) > 1 and _order(entries[0]) > _order(entries[-1])


def news_of(entries: Sequence[Resource], cursor: SelCursor | None, log: str, now_ms: int) -> LogNews:
    """Return the entries behind ``cursor`` as events; without one that fits, none, and the place behind the last.

    Args:
        entries: As the log lists them.
        log: The log service.
        now_ms: For entries without a date, or with one that cannot be.
    """
    ordered = list(reversed(entries)) if is_newest_first(entries) else list(entries)
    keys = [entry_key(entry) for entry in ordered]
    last = keys[-1] if keys else ""
    if cursor is None or cursor.log != log:
        return LogNews((), (), SelCursor(last, log=log))
    behind = keys.index(cursor.last) + 1 if cursor.last in keys else 0
    fresh = ordered[behind : behind + MOST_ENTRIES]
    if not fresh:
        return LogNews((), (), SelCursor(last, log=log))
    records = tuple(f"{log} {entry_key(entry)} {text(entry, 'Message')}".encode() for entry in fresh)
    return LogNews(records, tuple(_event(entry, now_ms) for entry in fresh), SelCursor(entry_key(fresh[-1]), log=log))


def _order(entry: Resource) -> tuple[int, int]:
    name = text(entry, "Id")
    return _time(entry) or 0, int(name) if name.isdecimal() else 0


def _event(entry: Resource, now_ms: int) -> Event:
    message = " ".join(text(entry, "Message", "Name").split()) or "an entry without words"
    labels = {"record": text(entry, "Id")}
    sensor, kind = text(entry, "SensorType"), text(entry, "MessageId")
    if sensor:
        labels["type"] = sensor
    if kind:
        labels["message"] = kind
    time = _time(entry)
    when = time if time is not None and 0 < time <= now_ms else now_ms
    severity = _SEVERITIES.get(text(entry, "Severity", "MessageSeverity"), Severity.INFO)
    return Event(when, "ipmi", severity, message[:_MOST_TEXT], "", labels)


def _time(entry: Resource) -> int | None:
    """Return when it was made, in milliseconds; ``None`` where that is not told."""
    created = text(entry, "Created", "EventTimestamp")
    if created.endswith("Z"):
        created = f"{created[:-1]}+00:00"
    try:
        moment = dt.datetime.fromisoformat(created)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    return round(moment.timestamp() * 1000)


def count_of(collection: Resource) -> int | None:
    """Return how many members a collection tells of."""
    count = collection.get("Members@odata.count")
    if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
        return count
    return len(children(collection, "Members")) if "Members" in collection else None
