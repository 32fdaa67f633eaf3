"""What a BMC says, as values: the same whether it was asked over LAN or in-band."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

NOMINAL, WARNING, CRITICAL = 0.0, 1.0, 2.0
"""States of a sensor, as ipmi_exporter numbers them; NaN for one that has none."""

NOT_AVAILABLE = "N/A"


@dataclass(frozen=True, slots=True)
class SensorReading:
    """One sensor.

    Attributes:
        id: The number of its record in the SDR repository.
        name: As that record has it.
        type: What it measures, in the words of the specification, table 42-3: ``Temperature``, ``Power Supply``.
        state: One of the states, or NaN.
        value: In ``unit``, with two decimals; NaN if it has none, or none just now.
        unit: Abbreviated: ``C``, ``RPM``, ``V``, ``A``, ``W``, ``%``; empty if it has none.
    """

    id: int
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
class SelInfo:
    """How full the system event log is."""

    entries: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class BmcReport:
    """What one reading of a BMC gave; what was not asked for, or failed, is ``None``.

    Attributes:
        watts: Power that DCMI measures; also ``None`` while it does not measure.
        errors: Why collectors failed, by their names.
    """

    sensors: tuple[SensorReading, ...] | None = None
    info: BmcInfo | None = None
    is_powered: bool | None = None
    watts: float | None = None
    sel: SelInfo | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def failed(collectors: tuple[str, ...], error: str) -> BmcReport:
    """The report of a BMC of which nothing was heard."""
    return BmcReport(errors=dict.fromkeys(collectors, error))
