"""What Redfish tells of sensors, as the readings that IPMI gives. JSON objects in, values out.

Sources: DMTF DSP2046, Thermal and Power (which most BMCs have), Sensor, Fan and PowerSupply (which follow them).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vedette_agent.ipmi.readings import CRITICAL, NOMINAL, WARNING, SensorReading
from vedette_agent.redfish.resources import Resource, child, children, health, is_there, number, text

_DECIMALS = 2

_BY_READING_TYPE = {
    "Temperature": ("Temperature", "C"),
    "Voltage": ("Voltage", "V"),
    "Current": ("Current", "A"),
    "Power": ("Power Unit", "W"),
    "Rotational": ("Fan", "RPM"),
}
"""``ReadingType`` of a Sensor: the type in IPMI's words, and the unit."""

_UNITS = {"Cel": "C", "V": "V", "A": "A", "W": "W", "RPM": "RPM", "{rev}/min": "RPM", "%": "%", "Percent": "%"}


def thermal_sensors(thermal: Resource) -> list[SensorReading]:
    """Return the sensors of a Thermal resource: temperatures and fans."""
    readings = [
        _reading(row, place, "Temperature", "C", number(row, "ReadingCelsius", "CurrentReading"))
        for place, row in enumerate(children(thermal, "Temperatures"))
    ]
    for place, row in enumerate(children(thermal, "Fans")):
        unit = _UNITS.get(text(row, "ReadingUnits", "Units"), "RPM")
        readings.append(_reading(row, place, "Fan", unit, number(row, "Reading", "CurrentReading", "ReadingRPM")))
    return _told(readings)


def power_sensors(power: Resource) -> list[SensorReading]:
    """Return the sensors of a Power resource: voltages, and what is measured at power supplies."""
    readings = [
        _reading(row, place, "Voltage", "V", number(row, "ReadingVolts"))
        for place, row in enumerate(children(power, "Voltages"))
    ]
    for place, row in enumerate(children(power, "PowerSupplies")):
        supply = _reading(row, place, "Power Supply", "", math.nan)
        if supply is not None:
            measured = (
                ("Input Power", "W", number(row, "PowerInputWatts")),
                ("Output Power", "W", number(row, "PowerOutputWatts", "LastPowerOutputWatts")),
                ("Input Voltage", "V", number(row, "LineInputVoltage")),
            )
            readings += _of_supply(supply, measured)
    return _told(readings)


def supply_sensors(supply: Resource, metrics: Resource) -> list[SensorReading]:
    """Return what a PowerSupply of a PowerSubsystem tells, and its PowerSupplyMetrics."""
    own = _reading(supply, 0, "Power Supply", "", math.nan)
    if own is None:
        return []
    measured = (
        ("Input Power", "W", _excerpt(metrics, "InputPowerWatts")),
        ("Output Power", "W", _excerpt(metrics, "OutputPowerWatts")),
        ("Input Voltage", "V", _excerpt(metrics, "InputVoltage")),
        ("Input Current", "A", _excerpt(metrics, "InputCurrentAmps")),
    )
    return _told(_of_supply(own, measured))


def fan_sensors(fan: Resource) -> list[SensorReading]:
    """Return what a Fan of a ThermalSubsystem tells: its speed in rotations, or else in percent."""
    speed = child(fan, "SpeedPercent")
    rpm = number(speed, "SpeedRPM")
    if math.isnan(rpm):
        return _told([_reading(fan, 0, "Fan", "%", number(speed, "Reading"))])
    return _told([_reading(fan, 0, "Fan", "RPM", rpm)])


def sensor(row: Resource) -> list[SensorReading]:
    """Return what a Sensor tells."""
    told = text(row, "ReadingType")
    kind, unit = _BY_READING_TYPE.get(told, (told or "Other Units Based Sensor", text(row, "ReadingUnits")))
    if told == "Percent":
        kind, unit = (
            ("Fan" if text(row, "PhysicalContext") == "Fan" or "fan" in text(row, "Name").lower() else told),
            "%",
        )
    return _told([_reading(row, 0, kind, unit, number(row, "Reading"))])


def consumed_watts(power: Resource) -> float | None:
    """Return what a Power resource tells of the machine's consumption: its first entry is that of the whole."""
    for row in children(power, "PowerControl"):
        watts = number(row, "PowerConsumedWatts")
        if not math.isnan(watts):
            return watts
    return None


def environment_watts(metrics: Resource) -> float | None:
    """Return what EnvironmentMetrics tell of a chassis' consumption."""
    watts = _excerpt(metrics, "PowerWatts")
    return None if math.isnan(watts) else watts


def unique(sensors: Iterable[tuple[str, SensorReading]]) -> tuple[SensorReading, ...]:
    """Return the sensors, with the chassis' name before the id of one whose unit, name and id were there before.

    Args:
        sensors: With the chassis of each.
    """
    seen: set[tuple[object, ...]] = set()
    kept = []
    for chassis, reading in sensors:
        for _ in range(2):
            key = (reading.unit, reading.type if not reading.unit else "", reading.name, reading.id)
            if key not in seen:
                seen.add(key)
                kept.append(reading)
                break
            reading = replace(reading, id=f"{chassis}/{reading.id}")
    return tuple(kept)


def _of_supply(supply: SensorReading, measured: Sequence[tuple[str, str, float]]) -> list[SensorReading | None]:
    readings: list[SensorReading | None] = [supply]
    for noun, unit, value in measured:
        if not math.isnan(value):
            name = f"{supply.name} {noun}"
            readings.append(SensorReading(supply.id, name, "Power Supply", math.nan, round(value, _DECIMALS), unit))
    return readings


def _reading(row: Resource, place: int, kind: str, unit: str, value: float) -> SensorReading | None:
    """Return the reading of a row; ``None`` for what is not there."""
    if not is_there(row):
        return None
    name = text(row, "Name", "FanName")
    identity = text(row, "MemberId", "Id") or str(place)
    value = round(value, _DECIMALS)
    return SensorReading(identity, name or identity, kind, _state(row, value), value, unit)


def _told(readings: Iterable[SensorReading | None]) -> list[SensorReading]:
    """Those that tell anything: without a reading, a part that is well is left out, as over IPMI."""
    return [
        reading
        for reading in readings
        if reading is not None
        and not (math.isnan(reading.value) and (math.isnan(reading.state) or (reading.unit and not reading.state)))
    ]


def _state(row: Resource, value: float) -> float:
    """Its health as the BMC judges it; where it does not, the value by its thresholds."""
    told = health(row)
    if not math.isnan(told) or math.isnan(value):
        return told
    bounds = [
        (side * _threshold(row, name), side, state)
        for name, side, state in (
            ("UpperCritical", 1, CRITICAL),
            ("LowerCritical", -1, CRITICAL),
            ("UpperCaution", 1, WARNING),
            ("LowerCaution", -1, WARNING),
        )
    ]
    known = [(bound, side, state) for bound, side, state in bounds if not math.isnan(bound)]
    for bound, side, state in known:
        if side * value >= bound:
            return state
    return NOMINAL if known else math.nan


def _threshold(row: Resource, name: str) -> float:
    """Return a threshold of a Sensor, or the one of a Thermal or Power resource that means the same."""
    bound = number(child(row, "Thresholds", name), "Reading")
    if not math.isnan(bound):
        return bound
    side, _, severity = name.partition("C")
    return number(row, f"{side}Threshold{'Critical' if severity == 'ritical' else 'NonCritical'}")


def _excerpt(resource: Resource, name: str) -> float:
    return number(child(resource, name), "Reading")
