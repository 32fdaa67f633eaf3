"""Notifications as events: one line for people, labels for machines; both bounded. Without I/O."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_agent.snmp.ber import OBJECT_IDENTIFIER, format_oid
from vedette_agent.snmp.indexes import shown
from vedette_agent.snmp.message import IP_ADDRESS, Binding
from vedette_agent.snmp.traps.config import SeverityName
from vedette_agent.snmp.traps.definitions import Definitions
from vedette_agent.snmp.traps.users import Taken
from vedette_shared.events import Event, Severity

SOURCE = "snmp"
MOST_VARIABLES = 16
MOST_LETTERS = 200
"""Of one value."""
MOST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What a notification means: the name of the trap, how much it matters, and the event."""

    trap: str
    severity: SeverityName
    event: Event | None


def tell(taken: Taken, definitions: Definitions, *, host: str, address: str, time_ms: int) -> Told:
    """Return what a notification says.

    Args:
        taken: The notification.
        definitions: What is known of traps.
        host: Whom it is about.
        address: Where it came from.
        time_ms: When it came, in milliseconds since the epoch.
    """
    notification = taken.notification
    trap, severity = definitions.name_of(notification.oid)
    if severity == "ignore":
        return Told(trap, severity, None)
    labels = {"trap": trap, "oid": format_oid(notification.oid), "address": address}
    if taken.user:
        labels["user"] = taken.user
    parts: list[str] = []
    for binding in notification.bindings[:MOST_VARIABLES]:
        known = definitions.variable(binding.oid)
        if known is None:
            parts.append(f"{format_oid(binding.oid)} = {_text_of(binding)}")
            continue
        text = _text_of(binding, known.type)
        text = known.enum.get(text, text)
        labels.setdefault(known.name, text)
        parts.append(f"{known.name} {text}")
    left = len(notification.bindings) - MOST_VARIABLES
    if left > 0:
        parts.append(f"and {left} more")
    text = f"{trap}: {', '.join(parts)}" if parts else trap
    return Told(trap, severity, Event(time_ms, SOURCE, Severity(severity), _cut(text, MOST_TEXT), host, labels))


def tell_of_excess(sender: str, count: int, host: str, time_ms: int) -> Event:
    """Return the event of a sender that has sent more than is looked at."""
    text = f"{count} traps of {sender} came too fast and were not looked at; snmp_traps.rate sets how many are"
    return Event(time_ms, SOURCE, Severity.WARNING, text, host, {"trap": "excess", "address": sender})


def _text_of(binding: Binding, kind: str = "") -> str:
    value = binding.value
    if value is None:
        return "null"
    if not kind or kind == "text":
        kind = {IP_ADDRESS: "ip", OBJECT_IDENTIFIER: "oid"}.get(binding.tag, "text")
    text = shown(value, kind)
    if kind == "text" and isinstance(value, bytes) and not text.replace("\n", " ").isprintable():
        printable = "".join(letter if letter.isprintable() else " " for letter in text)
        text = printable if "�" not in printable else shown(value, "hex")
    return _cut(" ".join(text.split()), MOST_LETTERS)


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"
