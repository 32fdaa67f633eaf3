"""What FreeIPMI's tools print, as values. Text in, values out.

Sources: the manual pages ipmi-sensors(8), bmc-info(8), ipmi-chassis(8), ipmi-dcmi(8), ipmi-sel(8) of FreeIPMI 1.6.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.raw import APPLICATION
from vedette_agent.ipmi.readings import (
    CRITICAL,
    NOMINAL,
    NOT_AVAILABLE,
    WARNING,
    BmcInfo,
    Chassis,
    Names,
    SelInfo,
    SensorReading,
    Watchdog,
)
from vedette_agent.ipmi.sel import RECORD_BYTES
from vedette_agent.ipmi.watchdog import GET_WATCHDOG, watchdog_of

_STATES = {"Nominal": NOMINAL, "Warning": WARNING, "Critical": CRITICAL}
_BOOLEANS = {"true": True, "false": False}
_COLUMNS = 6
_BYTE = re.compile(r"\[([0-9A-Fa-f]{2})\]")
_NUMBER = re.compile(r"\d+")


def parse_sensors(text: str) -> tuple[SensorReading, ...]:
    """Return the sensors in comma-separated output: id, name, type, state, reading, units, event.

    Raises:
        CollectorError: a line has another form.
    """
    readings = []
    for row in csv.reader(text.splitlines()):
        if len(row) < _COLUMNS or not row[0].isdecimal():
            raise CollectorError(f"ipmi-sensors printed a line that is none of its: {','.join(row)!r:.80}")
        number, name, kind, state, value, unit = (field.strip() for field in row[:_COLUMNS])
        reading = SensorReading(
            int(number),
            name,
            kind,
            _STATES.get(state, math.nan),
            math.nan if value == NOT_AVAILABLE else _number(value),
            "" if unit == NOT_AVAILABLE else unit,
        )
        readings.append(reading)
    return tuple(readings)


def parse_info(text: str) -> BmcInfo:
    """Return what ``bmc-info`` tells. Raises CollectorError."""
    fields = _fields(text)
    return BmcInfo(
        _field(fields, "Firmware Revision"),
        _field(fields, "Manufacturer ID"),
        fields.get("System Firmware Version") or NOT_AVAILABLE,
    )


def parse_chassis(text: str) -> Chassis:
    """Return what ``ipmi-chassis --get-chassis-status`` tells. Raises CollectorError."""
    fields = _fields(text)
    return Chassis(
        _field(fields, "System Power") == "on",
        _BOOLEANS.get(fields.get("Drive Fault", "")),
        _BOOLEANS.get(fields.get("Cooling/fan fault", "")),
    )


def parse_watchdog(text: str) -> Watchdog:
    """Return what ``ipmi-raw`` prints of the answer to Get Watchdog Timer. Raises CollectorError."""
    words = text.partition(":")[2].split()
    try:
        command, code, *data = (int(word, 16) for word in words)
        if (command, code) != (GET_WATCHDOG, 0):
            raise CollectorError(f"the BMC refuses to tell of its watchdog (completion code {code:#04x})")
        return watchdog_of(bytes(data))
    except (ValueError, IndexError) as error:
        raise CollectorError(f"ipmi-raw printed what is no answer: {text.strip()!r:.80}") from error


def parse_watts(text: str) -> float | None:
    """Return the power that ``ipmi-dcmi`` tells; ``None`` while it is not measured. Raises CollectorError."""
    fields = _fields(text)
    if fields.get("Power Measurement", "Active") != "Active":
        return None
    return float(_leading_number(fields, "Current Power"))


def parse_sel(text: str) -> SelInfo:
    """Return what ``ipmi-sel --info`` tells. Raises CollectorError."""
    fields = _fields(text)
    return SelInfo(_leading_number(fields, "Number of log entries"), _leading_number(fields, "Free space remaining"))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and what becomes of its output: which attribute of the report, made how.

    In ``command``, ``{cache}`` stands for a folder of its own. One that ``may_fail`` prints what it has found before it
    fails for want of the rest.
    """

    command: tuple[str, ...]
    attribute: str
    parse: Callable[[str], object]
    may_fail: bool = False


TOOLS: dict[Collector, Tool] = {
    "ipmi": Tool(
        (
            "ipmi-sensors",
            "--quiet-cache",
            "--sdr-cache-recreate",
            "--sdr-cache-directory={cache}",
            "--ignore-unrecognized-events",
            "--ignore-not-available-sensors",
            "--comma-separated-output",
            "--no-header-output",
            "--output-event-bitmask",
            "--output-sensor-state",
        ),
        "sensors",
        parse_sensors,
    ),
    "bmc": Tool(("bmc-info",), "info", parse_info, may_fail=True),
    "bmc-watchdog": Tool(("ipmi-raw", "0", f"{APPLICATION:#x}", f"{GET_WATCHDOG:#x}"), "watchdog", parse_watchdog),
    "chassis": Tool(("ipmi-chassis", "--get-chassis-status"), "chassis", parse_chassis),
    "dcmi": Tool(("ipmi-dcmi", "--get-system-power-statistics"), "watts", parse_watts),
    "sel": Tool(("ipmi-sel", "--info"), "sel", parse_sel),
}


SEL_RECORDS = Tool(("ipmi-sel", "--hex-dump"), "news", str)
SEL_NAMES = Tool(
    (
        "ipmi-sel",
        "--quiet-cache",
        "--sdr-cache-recreate",
        "--sdr-cache-directory={cache}",
        "--comma-separated-output",
        "--no-header-output",
    ),
    "news",
    str,
)


def parse_records(text: str) -> list[bytes]:
    """Return the records of ``ipmi-sel --hex-dump``: sixteen bytes in brackets a line. Raises CollectorError."""
    records = [bytes(int(byte, 16) for byte in _BYTE.findall(line)) for line in text.splitlines() if line.strip()]
    if any(len(record) != RECORD_BYTES for record in records):
        raise CollectorError("ipmi-sel printed a record that has not sixteen bytes")
    return records


def parse_names(text: str, records: Iterable[bytes]) -> Names:
    """Return the names of the sensors of ``records``, from ``ipmi-sel``: number, date, time, name, type, event."""
    rows = {int(row[0]): row[3].strip() for row in csv.reader(text.splitlines()) if len(row) > 3 and row[0].isdecimal()}
    named = ((record, rows.get(record[0] | record[1] << 8, "")) for record in records)
    return {(record[7], record[11]): name for record, name in named if name and name != NOT_AVAILABLE}


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _field(fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise CollectorError(f"FreeIPMI told nothing of {name!r}")
    return fields[name]


def _leading_number(fields: dict[str, str], name: str) -> int:
    match = _NUMBER.match(_field(fields, name))
    if match is None:
        raise CollectorError(f"FreeIPMI told {fields[name]!r} for {name!r}, which is no number")
    return int(match[0])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise CollectorError(f"ipmi-sensors printed {text!r} where a number should be") from error
