"""What a controller tells, whatever its make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vedette_agent.changes import Part, State
from vedette_shared.metrics import MetricFamily

CONTROLLER, ARRAY, DISK, BATTERY, CACHE = "controller", "array", "disk", "battery", "cache"
"""Kinds of units."""

ZPOOL = "zpool"


@dataclass(frozen=True, slots=True)
class Unit:
    """A controller, or something of it.

    Attributes:
        controller: The controller's number or slot; the pool of ZFS; empty for the kernel's arrays.
        kind: Which of the kinds above.
        id: Its own among those of its kind; empty for the only one.
        about: What else a person would want to know of it: model, level, serial number.
        serial: Its serial number, where that is told.
        states: By what they are about; empty for the unit's own.
        counters: Errors since it was built.
        temperature: In °C.
        progress: From 0 to 1, of what is under way.
    """

    controller: str
    kind: str
    id: str = ""
    about: str = ""
    serial: str = ""
    states: Mapping[str, State] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    temperature: float | None = None
    progress: float | None = None


@dataclass(frozen=True, slots=True)
class RaidReport:
    """What one program told: units, and families under names that dashboards know. Nothing where there is nothing."""

    units: Sequence[Unit] = ()
    families: Sequence[MetricFamily] = ()


def part_of(unit: Unit, tool: str) -> Part:
    """Return ``unit`` as a part to watch."""
    place = f"{unit.controller}/{unit.kind}/{unit.id}"
    labels = {"tool": tool, "controller": unit.controller, "kind": unit.kind, "id": unit.id, "serial": unit.serial}
    labels = {name: value for name, value in labels.items() if value}
    # A disk is its slot: another one in there has another serial number, which not every answer tells.
    states = {**unit.states, "serial number": State(unit.serial)} if unit.serial else unit.states
    return Part(place, _title(unit, tool), place, labels, states, unit.counters)


def _title(unit: Unit, tool: str) -> str:
    about = f" ({unit.about})" if unit.about else ""
    owner = f"pool {unit.controller}" if tool == ZPOOL else f"{tool} controller {unit.controller}"
    if unit.kind == CONTROLLER or (tool == ZPOOL and not unit.id):
        return f"{owner}{about}"
    where = f" of {owner}" if unit.controller else ""
    return f"{unit.kind} {unit.id}".strip() + where + about
