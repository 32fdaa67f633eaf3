"""Adaptec controllers: ``arcconf getconfig N``, as text.

Source: Microsemi ARCCONF command line utility guide; versions differ in the case of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vedette_agent.changes import FINE, State
from vedette_agent.errors import CollectorError
from vedette_agent.raid.report import ARRAY, BATTERY, CONTROLLER, DISK, Unit
from vedette_agent.raid.states import progress_of, state_of
from vedette_shared.events import Severity

MOST_CONTROLLERS = 16

_COUNT = re.compile(r"controllers found: *(\d+)", re.IGNORECASE)
_RULE = re.compile(r"\s*-{10,}$")
_FIELD = re.compile(r"\s*(\S.*?) *: (.*)$")
_LOGICAL = re.compile(r"\s*logical device number (\d+)", re.IGNORECASE)
_DEVICE = re.compile(r"\s*device #(\d+)", re.IGNORECASE)
_DRIVE = re.compile(r"\s*device is an? (hard drive|solid state drive|ssd|hdd)", re.IGNORECASE)
_CHANNEL = re.compile(r"(\d+,\d+)")
_BACKUP = re.compile(r"battery|zmm|backup unit|supercap", re.IGNORECASE)
_BACKUP_STATUS = ("overall backup unit status", "status")
_NUMBER = re.compile(r"\d+")


def count_controllers(text: str) -> int | None:
    """Return how many controllers there are; ``None`` if ``text`` does not tell."""
    match = _COUNT.search(text)
    return min(int(match[1]), MOST_CONTROLLERS) if match else None


@dataclass(slots=True)
class _Block:
    """What is told of one thing, or below one heading. ``is_drive`` tells a disk from an enclosure."""

    kind: str
    id: str = ""
    is_drive: bool = False
    fields: dict[str, str] = field(default_factory=dict)


def parse_arcconf(text: str, controller: int) -> list[Unit]:
    """Return what is told of the controller of that number.

    Raises:
        CollectorError: it is not what arcconf prints.
    """
    blocks = list(_blocks(text))
    if not any("controller status" in block.fields for block in blocks):
        raise CollectorError(f"arcconf told of no controller: {text.strip().partition(chr(10))[0][:80]!r}")
    return [unit for block in blocks for unit in _units(block, str(controller))]


def _blocks(text: str) -> Iterator[_Block]:
    block = _Block("")
    for line in text.splitlines():
        started = _started(line)
        if started is not None:
            yield block
            block = started
        elif _DRIVE.match(line):
            block.is_drive = True
        elif match := _FIELD.match(line):
            block.fields.setdefault(match[1].lower(), match[2].strip())
    yield block


def _started(line: str) -> _Block | None:
    if match := _LOGICAL.match(line):
        return _Block(ARRAY, match[1])
    if match := _DEVICE.match(line):
        return _Block(DISK, match[1])
    if ":" in line or not line.strip() or _RULE.match(line) or _DRIVE.match(line):
        return None
    if _BACKUP.search(line):
        return _Block(BATTERY)
    return _Block(CONTROLLER) if "information" in line.lower() else None


def _units(block: _Block, controller: str) -> Iterator[Unit]:
    told = block.fields
    if block.kind == ARRAY:
        status = told.get("status of logical device", "")
        level, name = told.get("raid level", ""), told.get("logical device name", "")
        about = " ".join(filter(None, (f"RAID {level}" if level else "", name)))
        yield Unit(controller, ARRAY, block.id, about, states=_states(status), progress=progress_of(status))
    elif block.kind == DISK and block.is_drive:
        yield _disk(block, controller)
    elif block.kind == BATTERY:
        status = next((told[name] for name in _BACKUP_STATUS if name in told), "")
        if status and status.lower() not in ("not installed", "not present"):
            yield Unit(controller, BATTERY, states=_states(status))
    elif "controller status" in told:
        temperature = _NUMBER.match(told.get("temperature", ""))
        yield Unit(
            controller,
            CONTROLLER,
            about=told.get("controller model", ""),
            states=_states(told["controller status"]),
            temperature=float(temperature[0]) if temperature else None,
        )


def _disk(block: _Block, controller: str) -> Unit:
    told = block.fields
    channel = _CHANNEL.match(told.get("reported channel,device(t:l)", ""))
    serial = told.get("serial number", "")
    states = _states(told.get("state", ""))
    if "s.m.a.r.t." in told:
        alert = told["s.m.a.r.t."].lower() == "yes"
        states["SMART alert"] = State("flagged", Severity.CRITICAL) if alert else State("none", FINE)
    warnings = _NUMBER.match(told.get("s.m.a.r.t. warnings", ""))
    about = " ".join(filter(None, (told.get("vendor", ""), told.get("model", ""), serial)))
    return Unit(
        controller,
        DISK,
        channel[1] if channel else block.id,
        about,
        serial,
        states,
        {"SMART warning": int(warnings[0])} if warnings else {},
    )


def _states(status: str) -> dict[str, State]:
    return {"": state_of(status)} if status else {}
