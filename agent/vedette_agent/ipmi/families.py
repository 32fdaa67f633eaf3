"""Reports as metric families, under the names, labels and values of ipmi_exporter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vedette_agent.ipmi.part_families import part_families
from vedette_agent.ipmi.readings import BmcReport, Chassis, SensorReading
from vedette_agent.ipmi.watchdog import watchdog_families
from vedette_agent.sources.timing import rounded
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

_STATES = "(0=nominal, 1=warning, 2=critical)"


@dataclass(frozen=True, slots=True)
class _Quantity:
    """Where sensors of one unit go. A value is multiplied by ``scale``."""

    value: str
    value_help: str
    state: str
    noun: str
    scale: float = 1.0


_TEMPERATURE = _Quantity(
    "ipmi_temperature_celsius", "Temperature reading in degree Celsius.", "ipmi_temperature_state", "temperature"
)
_FAN_SPEED = _Quantity("ipmi_fan_speed_rpm", "Fan speed in rotations per minute.", "ipmi_fan_speed_state", "fan speed")
_FAN_RATIO = _Quantity(
    "ipmi_fan_speed_ratio", "Fan speed as a share of its maximum.", "ipmi_fan_speed_state", "fan speed", 0.01
)
_VOLTAGE = _Quantity("ipmi_voltage_volts", "Voltage reading in Volts.", "ipmi_voltage_state", "voltage")
_CURRENT = _Quantity("ipmi_current_amperes", "Current reading in Amperes.", "ipmi_current_state", "current")
_POWER = _Quantity("ipmi_power_watts", "Power reading in Watts.", "ipmi_power_state", "power")
_OTHER = _Quantity("ipmi_sensor_value", "Reading of a sensor of another kind.", "ipmi_sensor_state", "other")

_BY_UNIT = {"C": _TEMPERATURE, "RPM": _FAN_SPEED, "V": _VOLTAGE, "A": _CURRENT, "W": _POWER}


def bmc_families(report: BmcReport, collectors: Sequence[str], duration: float) -> list[MetricFamily]:
    """Return what ``report`` says of the ``collectors`` that were asked, in ``duration`` seconds."""
    up = gauge("ipmi_up", "'1' if a scrape of the IPMI device was successful, '0' otherwise.")
    for name in (name for name in collectors if name not in report.unknown):
        up.add(0.0 if name in report.errors else 1.0, make_labels(collector=name))
    families = [up, gauge("ipmi_scrape_duration_seconds", "How long reading the BMC took.", rounded(duration))]
    if report.info is not None:
        info = gauge("ipmi_bmc_info", "Constant 1; the labels tell about the BMC.")
        labels = make_labels(
            firmware_revision=report.info.firmware,
            manufacturer_id=report.info.manufacturer,
            system_firmware_version=report.info.system_firmware,
        )
        info.add(1.0, labels)
        families.append(info)
    if report.chassis is not None:
        families += _chassis_families(report.chassis)
    if report.watchdog is not None:
        families += watchdog_families(report.watchdog)
    if report.watts is not None:
        families.append(gauge("ipmi_dcmi_power_consumption_watts", "Current power consumption in Watts.", report.watts))
    if report.sel is not None:
        entries, free = float(report.sel.entries), report.sel.free_bytes
        families.append(gauge("ipmi_sel_logs_count", "Current number of log entries in the SEL.", entries))
        if free is not None:
            families.append(gauge("ipmi_sel_free_space_bytes", "Current free space for new SEL entries.", float(free)))
    return families + _sensor_families(report.sensors or ()) + part_families(report.parts or ())


def _chassis_families(chassis: Chassis) -> list[MetricFamily]:
    """The faults are 1 where there is none, as ipmi_exporter has them."""
    families = [gauge("ipmi_chassis_power_state", "Current power state (1=on, 0=off).", float(chassis.is_powered))]
    for name, noun, fault in (
        ("drive", "drive", chassis.drive_fault),
        ("cooling", "cooling/fan", chassis.cooling_fault),
    ):
        if fault is not None:
            about = f"Current {noun} fault state (1=false, 0=true)."
            families.append(gauge(f"ipmi_chassis_{name}_fault_state", about, float(not fault)))
    return families


def _sensor_families(sensors: Iterable[SensorReading]) -> list[MetricFamily]:
    families: dict[str, MetricFamily] = {}
    for sensor in sensors:
        quantity = _quantity_of(sensor)
        labels = make_labels(id=str(sensor.id), name=sensor.name)
        if quantity is _OTHER:
            labels = make_labels(labels, type=sensor.type)
        value = sensor.value if quantity.scale == 1.0 else round(sensor.value * quantity.scale, 4)
        text = f"State of a {quantity.noun} sensor {_STATES}."
        for name, about, number in (
            (quantity.value, quantity.value_help, value),
            (quantity.state, text, sensor.state),
        ):
            family = families.get(name)
            if family is None:
                family = families[name] = gauge(name, about)
            family.add(number, labels)
    return list(families.values())


def _quantity_of(sensor: SensorReading) -> _Quantity:
    if sensor.unit == "%" and sensor.type == "Fan":
        return _FAN_RATIO
    return _BY_UNIT.get(sensor.unit, _OTHER)
