"""HPE Smart Array controllers: ``ssacli ctrl all show config detail``, as text; ``hpssacli`` prints the same.

Source: HPE Smart Storage Administrator user guide, and what it printed on a P440ar, a P408i-a and a P816i-a.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vedette_agent.changes import State
from vedette_agent.errors import CollectorError
from vedette_agent.raid.report import ARRAY, BATTERY, CACHE, CONTROLLER, DISK, RaidReport, Unit
from vedette_agent.raid.states import progress_of, state_of

SHOW = ("ctrl", "all", "show", "config", "detail")

_CONTROLLER = re.compile(r"(\S.*?) in Slot (\w+)")
_LOGICAL = re.compile(r"\s+Logical Drive: (\S+)$", re.IGNORECASE)
_PHYSICAL = re.compile(r"\s+physicaldrive (\S+)$")
_OTHER = re.compile(r"\s+(?:Array:? \S+|Unassigned|HBA Drives|Enclosure .*|Expander .*|SEP .*|Port Name: .*)$")
_FIELD = re.compile(r"\s+(\S.*?) *: (.*)$")
_NOTHING_FOUND = "no controllers detected"


@dataclass(slots=True)
class _Block:
    """What is told of one thing. ``kind`` is empty for what is none of ours."""

    kind: str
    id: str
    slot: str
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def parse_ssacli(text: str) -> RaidReport:
    """Return what the command above printed.

    Raises:
        CollectorError: it is not what it prints.
    """
    if _NOTHING_FOUND in text.lower():
        return RaidReport()
    blocks = list(_blocks(text))
    if not blocks:
        raise CollectorError(f"ssacli told of no controller: {text.strip().partition(chr(10))[0][:80]!r}")
    return RaidReport([unit for block in blocks for unit in _units(block)])


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for line in text.splitlines():
        started = _started(line, block.slot if block is not None else "")
        if started is not None:
            if block is not None:
                yield block
            block = started
        elif block is not None and (match := _FIELD.match(line)):
            block.fields.setdefault(" ".join(match[1].split()), match[2].strip())
    if block is not None:
        yield block


def _started(line: str, slot: str) -> _Block | None:
    """Return the block that ``line`` begins, if it begins one."""
    if match := _CONTROLLER.match(line):
        return _Block(CONTROLLER, "", match[2], match[1])
    if not slot:
        return None
    if match := _LOGICAL.match(line):
        return _Block(ARRAY, match[1], slot)
    if match := _PHYSICAL.match(line):
        return _Block(DISK, match[1], slot)
    return _Block("", "", slot) if _OTHER.match(line) else None


def _units(block: _Block) -> Iterator[Unit]:
    told = block.fields
    if block.kind == CONTROLLER:
        yield _unit(block, CONTROLLER, "Controller Status", block.name, told.get("Controller Temperature (C)"))
        if "Cache Status" in told:
            yield _unit(block, CACHE, "Cache Status", "", told.get("Cache Module Temperature (C)"))
        if "Battery/Capacitor Status" in told:
            degrees = told.get("Capacitor Temperature (C)") or told.get("Battery Temperature (C)")
            yield _unit(block, BATTERY, "Battery/Capacitor Status", told.get("Cache Backup Power Source", ""), degrees)
    elif block.kind == ARRAY:
        level = told.get("Fault Tolerance", "")
        yield _unit(block, ARRAY, "Status", f"RAID {level} {told.get('Size', '')}".strip() if level else "", None)
    elif block.kind == DISK:
        serial = told.get("Serial Number", "")
        about = " ".join(" ".join((told.get("Model", ""), serial)).split())
        yield _unit(block, DISK, "Status", about, told.get("Current Temperature (C)"), serial)


def _unit(block: _Block, kind: str, status: str, about: str, degrees: str | None, serial: str = "") -> Unit:
    told = block.fields.get(status, "")
    states: dict[str, State] = {"": state_of(told)} if told else {}
    temperature = float(degrees) if degrees is not None and degrees.lstrip("-").isdecimal() else None
    return Unit(block.slot, kind, block.id, about, serial, states, temperature=temperature, progress=progress_of(told))
