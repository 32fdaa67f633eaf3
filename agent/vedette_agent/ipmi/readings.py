"""What a BMC says, as values: the same whether it was asked over LAN or in-band."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from vedette_shared.events import Event

NOMINAL, WARNING, CRITICAL = 0.0, 1.0, 2.0
"""States of a sensor, as ipmi_exporter numbers them; NaN for one that has none."""

NOT_AVAILABLE = "N/A"

EVENTS = "events"
"""How the reading of new events is called where it fails."""


@dataclass(frozen=True, slots=True)
class SensorReading:
    """One sensor.

    Attributes:
        id: The number of its record in the SDR repository; over Redfish, the service's own name for it.
        name: As that record has it.
        type: What it measures, in the words of the specification, table 42-3: ``Temperature``, ``Power Supply``.
        state: One of the states, or NaN.
        value: In ``unit``, with two decimals; NaN if it has none, or none just now.
        unit: Abbreviated: ``C``, ``RPM``, ``V``, ``A``, ``W``, ``%``; empty if it has none.
    """

    id: int | str
    name: str
    type: str
    state: float = math.nan
    value: float = math.nan
    unit: str = ""


@dataclass(frozen=True, slots=True)
class BmcInfo:
    """Who the BMC is; texts are ``N/A`` where it does not say."""

    firmware: str
    manufacturer: str
    system_firmware: str = NOT_AVAILABLE


@dataclass(frozen=True, slots=True)
class Chassis:
    """The state of the chassis; faults are ``None`` where they are not told."""

    is_powered: bool
    drive_fault: bool | None = None
    cooling_fault: bool | None = None


@dataclass(frozen=True, slots=True)
class Watchdog:
    """The BMC's watchdog timer.

    Attributes:
        use: Of whom it watches, 1 to 5 of the specification's table 27-2: BIOS FRB2, BIOS POST, OS load, SMS/OS, OEM.
        action: What it does at its end: 0 nothing, 1 hard reset, 2 power down, 3 power cycle.
        interrupt: What comes before: 0 nothing, 1 SMI, 2 NMI, 3 messaging interrupt.
        logs: Whether the end is logged.
        pretimeout: Seconds from that interrupt to the end.
        initial: Seconds that it counts down from.
        present: Seconds that are left; ``None`` where that is not told.
    """

    is_running: bool
    use: int
    action: int
    interrupt: int
    logs: bool
    pretimeout: float
    initial: float
    present: float | None


@dataclass(frozen=True, slots=True)
class SelInfo:
    """How full the system event log is; ``free_bytes`` is ``None`` where that is not told."""

    entries: int
    free_bytes: int | None


Names = Mapping[tuple[int, int], str]
"""Names of sensors by their owner and number."""


@dataclass(frozen=True, slots=True)
class SelCursor:
    """How far the log has been read.

    Attributes:
        last: The last record read, as hexadecimal digits; empty where the log was empty.
        erased: When the log was cleared last, by the BMC's own clock; ``None`` where that was not asked.
        log: The log service that was read over Redfish; empty for that of IPMI.
    """

    last: str = ""
    erased: int | None = None
    log: str = ""


@dataclass(frozen=True, slots=True)
class SelNews:
    """What a reading of the log gave.

    Attributes:
        records: New ones, oldest first; none at a first reading.
        cursor: Behind the last of them.
        bmc_time: Of the BMC's clock, in seconds; ``None`` if it was not asked.
        names: Of the sensors that the records name.
    """

    records: tuple[bytes, ...]
    cursor: SelCursor
    bmc_time: int | None = None
    names: Names = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogNews:
    """What a reading of a log gave over Redfish.

    Attributes:
        records: What new entries are known by, oldest first; none at a first reading.
        events: They as events.
        cursor: Behind the last of them.
    """

    records: tuple[bytes, ...]
    events: tuple[Event, ...]
    cursor: SelCursor


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the machine whose health the BMC tells.

    Attributes:
        kind: What it is: ``system``, ``memory_module``, ``storage_drive``, …
        id: The BMC's own name for it.
        storage: Of the storage that it belongs to; empty for what is none of storage.
        health: One of the states, or NaN.
        values: More that is measured, by the ends of metrics' names.
        info: Who made it, and the like.
    """

    kind: str
    id: str
    storage: str = ""
    health: float = math.nan
    values: Mapping[str, float] = field(default_factory=dict)
    info: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BmcReport:
    """What one reading of a BMC gave; what was not asked for, or failed, is ``None``.

    Attributes:
        news: What is new in the system event log.
        watts: Power that DCMI measures; also ``None`` while it does not measure.
        parts: Of which the health is told.
        errors: Why collectors failed, by their names.
        unknown: Collectors that the way to the BMC does not have.
    """

    sensors: tuple[SensorReading, ...] | None = None
    info: BmcInfo | None = None
    chassis: Chassis | None = None
    watchdog: Watchdog | None = None
    watts: float | None = None
    sel: SelInfo | None = None
    news: SelNews | LogNews | None = None
    parts: tuple[Part, ...] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def failed(collectors: tuple[str, ...], error: str) -> BmcReport:
    """The report of a BMC of which nothing was heard."""
    return BmcReport(errors=dict.fromkeys(collectors, error))
