"""What a check of the host says: a state and measured values with their levels."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class State(enum.IntEnum):
    """The states of services, by the exit codes of Nagios plugins."""

    OK = 0
    WARN = 1
    CRIT = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a level lies: a value below ``lower`` fails, and one above ``upper``, or at it in a local check."""

    lower: float | None = None
    upper: float | None = None


NO_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured value. ``unit`` is a base unit: ``s``, ``B``, ``%``, ``c`` for a counter, or none."""

    name: str
    value: float
    unit: str = ""
    warn: Bounds = NO_BOUNDS
    crit: Bounds = NO_BOUNDS
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check says.

    Attributes:
        name: Of the service.
        state: As the check, or its levels, have it.
        measures: Its values.
        text: For people.
        cached_at: When the result was made, in seconds since the epoch, where the script says that it is not fresh.
        cached_for: Seconds that it is good for, 0 where that is not said.
    """

    name: str
    state: State
    measures: Sequence[Measure] = ()
    text: str = ""
    cached_at: float | None = None
    cached_for: float = 0.0
