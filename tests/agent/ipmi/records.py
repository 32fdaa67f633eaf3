"""Sensor data records for a simulated BMC, as IPMI 2.0, chapter 43 lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TEMPERATURE, VOLTAGE, CURRENT, FAN, OTHER = 1, 2, 3, 4, 0x0B
CELSIUS, VOLTS, AMPERES, WATTS, RPM = 1, 4, 5, 6, 18

Thresholds = tuple[int | None, int | None, int | None, int | None, int | None, int | None]
"""Raw: upper non-recoverable, critical, non-critical; lower non-recoverable, critical, non-critical."""

NO_THRESHOLDS: Thresholds = (None, None, None, None, None, None)


@dataclass(frozen=True)
class Analog:
    """A sensor that measures: its value is ``m · raw · 10^exponent``."""

    number: int
    name: str
    type: int
    unit: int
    raw: int
    m: int = 1
    exponent: int = 0
    thresholds: Thresholds = NO_THRESHOLDS
    is_percent: bool = False
    is_scanned: bool = True
    entity: tuple[int, int] = (7, 1)
    event_type = 0x01

    @property
    def supported(self) -> int:
        """The thresholds that it has, as bits: lower non-critical, critical, non-recoverable, then upper."""
        order = (5, 4, 3, 2, 1, 0)
        return sum(1 << bit for bit, at in enumerate(order) if self.thresholds[at] is not None)

    @property
    def events(self) -> int:
        """The events that it sends: lower thresholds when going low, upper ones when going high."""
        lower = sum(1 << 2 * bit for bit in range(3) if self.supported >> bit & 1)
        return lower | sum(1 << 7 + 2 * bit for bit in range(3) if self.supported >> 3 + bit & 1)

    def body(self) -> list[int]:
        low, high = self.events & 0xFF, self.events >> 8
        return [
            *(0x20, 0, self.number, *self.entity, 0x7F, 0x68, self.type, self.event_type),
            *(low, high | (self.supported & 7) << 4, low, high | self.supported >> 3 << 4),
            *(self.supported, self.supported, int(self.is_percent), self.unit, 0, 0),
            *(self.m & 0xFF, self.m >> 8 << 6, 0, 0, 0, (self.exponent & 15) << 4, 0, 0, 0, 0, 0xFF, 0),
            *(threshold or 0 for threshold in self.thresholds),
            *(1, 1, 0, 0, 0),
            *_name(self.name),
        ]

    record_type = 0x01


@dataclass(frozen=True)
class Discrete:
    """A sensor that has states alone, in a compact record; ``raw`` are the bits asserted."""

    number: int
    name: str
    type: int
    raw: int
    events: int
    event_type: int = 0x6F
    is_scanned: bool = True
    entity: tuple[int, int] = (7, 1)

    def body(self) -> list[int]:
        low, high = self.events & 0xFF, self.events >> 8
        return [
            *(0x20, 0, self.number, *self.entity, 0x67, 0x40, self.type, self.event_type),
            *(low, high, low, high, low, high, 0xC0, 0, 0),
            *(1, 0, 0, 0, 0, 0, 0, 0),
            *_name(self.name),
        ]

    record_type = 0x02


Sensor = Analog | Discrete


def record(number: int, kind: int, body: Sequence[int]) -> bytes:
    """A record with its header."""
    return bytes((number & 0xFF, number >> 8, 0x51, kind, len(body), *body))


def locator(name: str) -> list[int]:
    """The body of a record, type 12h, that tells of the controller itself."""
    return [0x20, 0, 0, 0x9F, 0, 0, 0, 0x2E, 1, 0, *_name(name)]


def _name(text: str) -> list[int]:
    return [0xC0 | len(text), *text.encode("ascii")]
