"""Records of sensors: literal bytes in, sensors and values out."""

from __future__ import annotations

import math

import pytest

from tests.agent.ipmi.records import CELSIUS, FAN, RPM, TEMPERATURE, VOLTAGE, VOLTS, Analog, Discrete, locator, record
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.sdr import Conversion, SensorRecord, parse_record, record_length

UNSIGNED, ONES, TWOS = 0, 1, 2


def test_analog_sensor() -> None:
    """A voltage in steps of 63 mV."""
    body = Analog(0x10, "12V", VOLTAGE, VOLTS, 0, m=63, exponent=-3).body()
    assert parse_record(record(0x0102, 1, body)) == SensorRecord(
        id=0x0102,
        owner=0x20,
        lun=0,
        number=0x10,
        name="12V",
        type=2,
        event_type=1,
        unit="V",
        conversion=Conversion(UNSIGNED, 0, 63, 0, 0, -3),
    )


def test_discrete_sensor() -> None:
    body = Discrete(0x21, "PS2 Status", 0x08, 0, 0x4B).body()
    assert parse_record(record(7, 2, body)) == SensorRecord(7, 0x20, 0, 0x21, "PS2 Status", 8, 0x6F, "", None)


def test_percent() -> None:
    """The unit is the percent sign, whatever base unit is set."""
    sensor = parse_record(record(1, 1, Analog(1, "Duty", FAN, RPM, 0, is_percent=True).body()))
    assert sensor is not None
    assert sensor.unit == "%"


def test_other_records_are_left_out() -> None:
    assert parse_record(record(1, 0x12, locator("bmc"))) is None
    assert parse_record(b"") is None


def test_short_record() -> None:
    whole = record(3, 1, Analog(1, "Temp", TEMPERATURE, CELSIUS, 0).body())
    assert record_length(whole[:5]) == len(whole)
    with pytest.raises(CollectorError, match="the sensor record 3 ends after 40 bytes"):
        parse_record(whole[:40])
    with pytest.raises(CollectorError, match="ends after 2 bytes"):
        record_length(whole[:2])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (b"\xc4Fan1", "Fan1"),
        (b"\xc6Fan1\0\0", "Fan1"),
        (b"\x42\x12\x3a", "123"),  # BCD plus, with a space at its end
        (b"\x83\x29\xdc\xa6", "IPMI"),  # six bits a character: the example of the specification
        (b"\xc3\xb0C1", "°C1"),  # Latin 1
    ],
)
def test_names(field: bytes, text: str) -> None:
    """The ways in which section 43.15 encodes a name."""
    body = Discrete(1, "", 8, 0, 0).body()[:-1]
    sensor = parse_record(record(1, 2, [*body, *field]))
    assert sensor is not None
    assert sensor.name == text


@pytest.mark.parametrize(
    ("conversion", "raw", "value"),
    [
        (Conversion(UNSIGNED, 0, 1, 0, 0, 0), 200, 200.0),
        (Conversion(TWOS, 0, 1, 0, 0, 0), 0xF6, -10.0),
        (Conversion(ONES, 0, 1, 0, 0, 0), 0xF5, -10.0),
        (Conversion(UNSIGNED, 0, -2, 5, 2, -1), 10, 48.0),  # (-2 · 10 + 5 · 10²) / 10
        (Conversion(UNSIGNED, 7, 2, 0, 0, 0), 10, 0.05),  # 1 / x
        (Conversion(UNSIGNED, 8, 2, 0, 0, 0), 10, 400.0),  # x²
        (Conversion(UNSIGNED, 10, 1, 0, 0, 0), 49, 7.0),  # √x
    ],
)
def test_conversion(conversion: Conversion, raw: int, value: float) -> None:
    assert conversion.value(raw) == pytest.approx(value)


@pytest.mark.parametrize("linearization", [1, 7, 0x70])
def test_values_that_are_none(linearization: int) -> None:
    """The logarithm and the reciprocal of 0, and a sensor whose factors change with its reading."""
    assert math.isnan(Conversion(UNSIGNED, linearization, 1, 0, 0, 0).value(0))
