"""Events: what happened once, at a moment, beside the samples that say how things are."""

from __future__ import annotations

import enum
from collections.abc import Mapping

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
    """

    time: int
    source: str
    severity: Severity
    text: str
    host: str = ""
    labels: Mapping[str, str] = {}
