"""Compares parts with how they were, and tells what has changed. No I/O."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from vedette_agent.changes.memory import Known, Seen
from vedette_agent.changes.parts import FINE, Part
from vedette_shared.events import Event, Severity

LOOKS_UNTIL_GONE = 2
"""A part is gone when so many looks in a row did not find it: a bus that is reset hides its devices for a moment."""
MOST_EVENTS = 1000


class Watch:
    """Watches parts of one source.

    Args:
        source: What the events bear as theirs.
        seen: What is known from before.
    """

    def __init__(self, source: str, seen: Seen) -> None:
        self._source = source
        self._seen = seen
        self._events: list[Event] = []
        self._changed = False
        self._told: Counter[bytes] = Counter()

    def begin(self, scope: str, places: Iterable[str]) -> None:
        """Take ``places`` as what has been there all along, if nothing of ``scope`` was ever looked at."""
        if scope not in self._seen.expected:
            self._seen.expected[scope] = sorted(set(places))
            self._changed = True

    def observe(self, scope: str, part: Part, now_ms: int) -> None:
        """Compare ``part`` with how it was."""
        key = f"{scope}/{part.key}"
        self._take_place(scope, key, part.place)
        before = self._seen.parts.get(key)
        after = _known(scope, part)
        if before == after:
            return
        self._seen.parts[key] = after
        self._changed = True
        if before is None:
            self._first_sight(scope, part, now_ms)
        else:
            self._compare(before, part, now_ms)

    def look(self, scope: str, places: Collection[str], now_ms: int) -> None:
        """Take note that the parts of ``scope`` are at ``places`` and nowhere else."""
        for key, known in [(k, v) for k, v in self._seen.parts.items() if v.scope == scope]:
            if known.place in places:
                self._changed = self._changed or bool(known.missed)
                known.missed = 0
                continue
            known.missed += 1
            self._changed = True
            if known.missed >= LOOKS_UNTIL_GONE:
                del self._seen.parts[key]
                self._tell(now_ms, Severity.WARNING, f"{known.title} is gone", known.labels)

    def take_events(self) -> Sequence[Event]:
        """Return the events since the last call, and forget them.

        Until ``saved``, a watch that begins from what was saved last gives the same events the same ids.
        """
        events, self._events = self._events, []
        return [msgspec.structs.replace(event, id=self._id_of(event)) for event in events]

    def take_changes(self) -> bytes | None:
        """Return what to save; ``None`` if that has not changed since the last call."""
        if not self._changed:
            return None
        self._changed = False
        return msgspec.json.encode(msgspec.structs.replace(self._seen, saves=self._seen.saves + 1))

    def saved(self) -> None:
        """Take it that what ``take_changes`` returned last is saved."""
        self._seen.saves += 1
        self._told.clear()

    def _id_of(self, event: Event) -> str:
        if not self._seen.origin:
            return ""
        what = msgspec.json.encode((event.severity, event.text, sorted(event.labels.items())))
        digest = hashlib.blake2b(what, digest_size=8).digest()
        self._told[digest] += 1
        return f"{self._seen.origin}.{self._seen.saves}.{digest.hex()}.{self._told[digest]}"

    def _take_place(self, scope: str, key: str, place: str) -> None:
        """What was known at ``place`` is elsewhere, or gone: the next looks will show."""
        for other, known in self._seen.parts.items():
            if known.scope == scope and known.place == place and other != key:
                known.place = ""
                self._changed = True

    def _first_sight(self, scope: str, part: Part, now_ms: int) -> None:
        expected = self._seen.expected.get(scope, [])
        if part.place in expected:
            expected.remove(part.place)
        else:
            self._tell(now_ms, FINE, f"{part.title} has appeared", part.labels)
        for aspect, state in part.states.items():
            if state.severity is not FINE:
                self._tell(now_ms, state.severity, f"{_of(part, aspect)} is {state.text}", part.labels)

    def _compare(self, before: Known, part: Part, now_ms: int) -> None:
        for aspect, state in part.states.items():
            old = before.states.get(aspect)
            if old != state.text and (old is not None or state.severity is not FINE):
                text = f"{_of(part, aspect)} is {state.text}" + (f", was {old}" if old is not None else "")
                self._tell(now_ms, state.severity, text, part.labels)
        for name, value in part.counters.items():
            was = before.counters.get(name, value)
            if value > was:
                self._tell(now_ms, Severity.WARNING, f"{part.title}: {name} {value}, {was} before", part.labels)

    def _tell(self, now_ms: int, severity: Severity, text: str, labels: Mapping[str, str]) -> None:
        event = Event(now_ms, self._source, severity, text, labels=dict(labels))
        self._events = [*self._events[-MOST_EVENTS + 1 :], event]


def _known(scope: str, part: Part) -> Known:
    states = {aspect: state.text for aspect, state in part.states.items()}
    return Known(scope, part.place, part.title, dict(part.labels), states, dict(part.counters))


def _of(part: Part, aspect: str) -> str:
    return f"{part.title}: {aspect}" if aspect else part.title
