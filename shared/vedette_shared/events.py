"""Events: what happened once, at a moment, beside the samples that say how things are."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import msgspec


class Severity(str, enum.Enum):
    """How much an event matters, from the least to the most."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Event(msgspec.Struct, frozen=True):
    """One event.

    Attributes:
        time: Milliseconds since the epoch: when it happened, as far as its source knows, or when it was seen.
        source: What saw it: ``ipmi``, ``snmp``, ``raid``, ``node``, …
        severity: How much it matters.
        text: One line for people.
        host: The host that it is about; empty for the agent's own.
        labels: What tells it from others of its source: a sensor, a slot, an OID.
        id: The same each time that its source may tell of it, after a crash for one, so that it is stored once; empty
            where the source never tells of anything again.
    """

    time: int
    source: str
    severity: Severity
    text: str
    host: str = ""
    labels: Mapping[str, str] = {}
    id: str = ""


MOST_EVENTS = 1000
"""Of one collection."""
MOST_BYTES = 256 * 2**10
"""About so much may all events of one collection take."""
MOST_TEXT = 2000
"""Characters of a text; a longer one is cut."""
MOST_LABEL = 200
"""Characters of a label's name or value, of a source, a host and an id."""
MOST_LABELS = 32


def fit_events(events: Sequence[Event]) -> tuple[tuple[Event, ...], int]:
    """Return (the newest of ``events`` as far as the bounds allow, how many were left out); long texts are cut."""
    kept: list[Event] = []
    room = MOST_BYTES
    for event in reversed(events[-MOST_EVENTS:]):
        fitted = _fit(event)
        room -= event_bytes(fitted)
        if room < 0:
            break
        kept.append(fitted)
    return tuple(reversed(kept)), len(events) - len(kept)


def event_bytes(event: Event) -> int:
    """Return about what an event takes in a message before compression."""
    labels = sum(len(name) + len(value) for name, value in event.labels.items())
    return 32 + len(event.text) + len(event.source) + len(event.host) + len(event.id) + labels


def _fit(event: Event) -> Event:
    labels = {_cut(name, MOST_LABEL): _cut(value, MOST_LABEL) for name, value in event.labels.items()}
    return msgspec.structs.replace(
        event,
        text=_cut(event.text, MOST_TEXT),
        source=_cut(event.source, MOST_LABEL),
        host=_cut(event.host, MOST_LABEL),
        labels=dict([*labels.items()][:MOST_LABELS]),
    )


def _cut(text: str, most: int) -> str:
    """Cut a text, on one line and without what UTF-8 does not have."""
    line = " ".join(text[: most + 1].split()) if not text.isprintable() else text
    line = line.encode("utf-8", "replace").decode()
    return line if len(line) <= most else f"{line[: most - 1]}…"
