"""Sensor data records: what sensors a BMC has, and how their raw readings become values. Bytes in, values out.

Source: IPMI specification 2.0, chapters 36 (conversion) and 43 (formats of the records).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.vocabulary import UNITS

HEADER_BYTES = 5
_FULL, _COMPACT = 0x01, 0x02
_NAME_AT = {_FULL: 47, _COMPACT: 31}
"""Where in a record the type and length of its name stand."""

_PERCENT = 0x01
_UNSIGNED, _ONES_COMPLEMENT, _TWOS_COMPLEMENT, _NOT_ANALOG = range(4)

_BCD_PLUS = "0123456789 -.:,_"
_LINEAR = 0
_LINEARIZATIONS: dict[int, Callable[[float], float]] = {
    1: math.log, 2: math.log10, 3: math.log2, 4: math.exp, 5: lambda x: 10**x, 6: lambda x: 2**x, 7: lambda x: 1 / x,
    8: lambda x: x**2, 9: lambda x: x**3, 10: math.sqrt, 11: lambda x: math.copysign(abs(x) ** (1 / 3), x),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conversion:
    """From a raw reading to a value: ``linearize((m · raw + b · 10^b_exponent) · 10^exponent)``."""

    format: int
    linearization: int
    m: int
    b: int
    b_exponent: int
    exponent: int

    def value(self, raw: int) -> float:
        """Return the value of the byte ``raw``; NaN where there is none."""
        if self.format == _TWOS_COMPLEMENT:
            raw = _signed(raw, 8)
        elif self.format == _ONES_COMPLEMENT and raw & 0x80:
            raw -= 0xFF
        linear = (self.m * raw + self.b * 10.0**self.b_exponent) * 10.0**self.exponent
        if self.linearization == _LINEAR:
            return linear
        function = _LINEARIZATIONS.get(self.linearization)
        if function is None:
            return math.nan  # it changes with the reading: Get Sensor Reading Factors would be needed
        try:
            return float(function(linear))
        except (ValueError, ZeroDivisionError, OverflowError):
            return math.nan


@dataclass(frozen=True, slots=True)
class SensorRecord:
    """A sensor as its record describes it.

    Attributes:
        owner: Slave address of the controller that has the sensor.
        lun: The logical unit to ask there.
        conversion: ``None`` for a sensor that has states alone.
    """

    id: int
    owner: int
    lun: int
    number: int
    name: str
    type: int
    event_type: int
    unit: str
    conversion: Conversion | None


def record_length(header: bytes) -> int:
    """Return how long the record is that begins with ``header``."""
    if len(header) < HEADER_BYTES:
        raise CollectorError(f"a sensor record ends after {len(header)} bytes")
    return HEADER_BYTES + header[4]


def parse_record(record: bytes) -> SensorRecord | None:
    """Return the sensor that ``record`` describes; ``None`` for a record of another kind.

    Raises:
        CollectorError: the record is cut short.
    """
    kind = record[3] if len(record) > HEADER_BYTES else 0
    if kind not in _NAME_AT:
        return None
    name_at = _NAME_AT[kind]
    if len(record) <= name_at:
        raise CollectorError(f"the sensor record {record[0] | record[1] << 8} ends after {len(record)} bytes")
    is_analog = kind == _FULL and record[20] >> 6 != _NOT_ANALOG
    return SensorRecord(
        id=record[0] | record[1] << 8,
        owner=record[5],
        lun=record[6] & 3,
        number=record[7],
        name=_text(record[name_at], record[name_at + 1 :]),
        type=record[12],
        event_type=record[13] & 0x7F,
        unit=_unit(record) if is_analog else "",
        conversion=_conversion(record) if is_analog else None,
    )


def _conversion(record: bytes) -> Conversion:
    return Conversion(
        format=record[20] >> 6,
        linearization=record[23] & 0x7F,
        m=_signed(record[24] | (record[25] & 0xC0) << 2, 10),
        b=_signed(record[26] | (record[27] & 0xC0) << 2, 10),
        b_exponent=_signed(record[29] & 0x0F, 4),
        exponent=_signed(record[29] >> 4, 4),
    )


def _unit(record: bytes) -> str:
    return "%" if record[20] & _PERCENT else UNITS.get(record[21], "")


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) & 1 else number


def _text(kind_and_length: int, data: bytes) -> str:
    """Decode a type/length field of section 43.15."""
    kind, length = kind_and_length >> 6, kind_and_length & 0x1F
    data = data[:length]
    if kind == 1:
        text = "".join(_BCD_PLUS[byte >> 4] + _BCD_PLUS[byte & 15] for byte in data)
    elif kind == 2:  # six bits a character, the lowest first
        number = int.from_bytes(data, "little")
        text = "".join(chr(0x20 + (number >> shift & 0x3F)) for shift in range(0, len(data) * 8 - 5, 6))
    else:
        text = data.decode("latin-1")
    return text.partition("\0")[0].strip()
