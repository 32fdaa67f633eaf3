"""Power supplies and batteries: ``/sys/class/power_supply``, see Documentation/power/power_supply_class.rst."""

from __future__ import annotations

import re

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, list_folder, read_attribute
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_power_supply_info", GAUGE, "info of /sys/class/power_supply/<power_supply>.")
_INFO_FILES = (
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
)
_PLAIN = {
    "authentic": "authentic",
    "calibrate": "calibrate",
    "capacity": "capacity",
    "capacity_alert_max": "capacity_alert_max",
    "capacity_alert_min": "capacity_alert_min",
    "cycle_count": "cyclecount",
    "online": "online",
    "present": "present",
    "time_to_empty_now": "time_to_empty_seconds",
    "time_to_full_now": "time_to_full_seconds",
}
_MICRO = {
    "charge_now": "charge_ampere",
    "current_now": "current_ampere",
    "energy_now": "energy_watthour",
    "power_now": "power_watt",
    "voltage_now": "voltage_volt",
} | {
    name: name
    for name in (
        "charge_control_limit",
        "charge_control_limit_max",
        "charge_counter",
        "charge_empty",
        "charge_empty_design",
        "charge_full",
        "charge_full_design",
        "charge_term_current",
        "constant_charge_current",
        "constant_charge_current_max",
        "constant_charge_voltage",
        "constant_charge_voltage_max",
        "current_boot",
        "current_max",
        "energy_empty",
        "energy_empty_design",
        "energy_full",
        "energy_full_design",
        "input_current_limit",
        "precharge_current",
        "voltage_boot",
        "voltage_max",
        "voltage_max_design",
        "voltage_min",
        "voltage_min_design",
        "voltage_ocv",
    )
}
_TENTHS = {
    "temp": "temp_celsius",
    "temp_alert_max": "temp_alert_max_celsius",
    "temp_alert_min": "temp_alert_min_celsius",
    "temp_ambient": "temp_ambient_celsius",
    "temp_ambient_max": "temp_ambient_max_celsius",
    "temp_ambient_min": "temp_ambient_min_celsius",
    "temp_max": "temp_max_celsius",
    "temp_min": "temp_min_celsius",
}


def _attributes(names: dict[str, str], divisor: float) -> dict[str, Attribute]:
    return {
        file: Attribute(
            file,
            Metric(f"node_power_supply_{name}", GAUGE, f"{name} value of /sys/class/power_supply/<power_supply>."),
            divisor=divisor,
        )
        for file, name in names.items()
    }


_ATTRIBUTES = _attributes(_PLAIN, 1.0) | _attributes(_MICRO, 1e6) | _attributes(_TENTHS, 10.0)


class PowersupplyclassCollector:
    """Charge, voltage, current and state of each supply."""

    name = "powersupplyclass"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/power_supply")
        self._ignored = re.compile(options.powersupply.ignored_supplies)

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for supply in list_class(self._sys, "there are no power supplies that the kernel knows"):
            if self._ignored.search(supply) is None:
                folder = f"{self._sys}/{supply}"
                # A supply has few of the many attributes that there are.
                present = [_ATTRIBUTES[file] for file in list_folder(folder) if file in _ATTRIBUTES]
                add_attributes(families, folder, present, (("power_supply", supply),))
                infos = [(file, read_attribute(f"{folder}/{file}") or "") for file in _INFO_FILES]
                families.add(_INFO, 1.0, make_labels([*infos, ("power_supply", supply)]))
        return families.all()
