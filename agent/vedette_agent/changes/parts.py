"""A part of the hardware as it is now: its states, and its counters of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vedette_shared.events import Severity

FINE = Severity.INFO
"""How bad a state is in which nothing is wrong."""


@dataclass(frozen=True, slots=True)
class State:
    """A state as the device names it, and how bad that is."""

    text: str
    severity: Severity = FINE


@dataclass(frozen=True, slots=True)
class Part:
    """A disk, an array, a battery.

    Attributes:
        key: Its own among the parts of a scope, over restarts and moves: best a serial number.
        title: How a person would call it.
        place: Where it is now: a device, a slot.
        labels: What tells it from others, for the events about it.
        states: By the aspect that they are about (``health``); empty for the only one that there is.
        counters: What only grows as long as the part is the same: sectors reallocated, errors of media.
    """

    key: str
    title: str
    place: str
    labels: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
