"""Thermal zones and what cools them: ``/sys/class/thermal``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, read_attribute, read_number
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_TEMPERATURE = Metric("node_thermal_zone_temp", GAUGE, "Zone temperature in Celsius")
_CURRENT = Metric("node_cooling_device_cur_state", GAUGE, "Current throttle state of the cooling device")
_MAXIMUM = Metric("node_cooling_device_max_state", GAUGE, "Maximum throttle state of the cooling device")
_ZONE = "thermal_zone"
_DEVICE = "cooling_device"
_MILLIDEGREES = 1000.0


class ThermalZoneCollector:
    """Temperatures, and how hard the cooling devices work."""

    name = "thermal_zone"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/thermal")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for name in list_class(self._sys, "there are no thermal zones"):
            folder = f"{self._sys}/{name}"
            if name.startswith(_ZONE):
                self._add_zone(families, folder, name[len(_ZONE) :])
            elif name.startswith(_DEVICE):
                self._add_device(families, folder, name[len(_DEVICE) :])
        return families.all()

    def _add_zone(self, families: Families, folder: str, zone: str) -> None:
        temperature = read_number(f"{folder}/temp")
        if temperature is not None:
            labels = make_labels(zone=zone, type=read_attribute(f"{folder}/type") or "")
            families.add(_TEMPERATURE, temperature / _MILLIDEGREES, labels)

    def _add_device(self, families: Families, folder: str, name: str) -> None:
        labels = make_labels(name=name, type=read_attribute(f"{folder}/type") or "")
        for metric, file in ((_CURRENT, "cur_state"), (_MAXIMUM, "max_state")):
            state = read_number(f"{folder}/{file}")
            if state is not None:
                families.add(metric, float(state), labels)
