"""Hardware sensors: ``/sys/class/hwmon``, see Documentation/hwmon/sysfs-interface.rst."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.hwmon_metrics import Scaled, describe_element
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, list_folder, read_attribute
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_CHIP_NAMES = Metric("node_hwmon_chip_names", GAUGE, "Annotation metric for human-readable chip names")
_SENSOR_LABEL = Metric("node_hwmon_sensor_label", GAUGE, "Label for given chip and sensor")

_KINDS = frozenset(
    {
        "vrm",
        "beep_enable",
        "update_interval",
        "in",
        "cpu",
        "fan",
        "pwm",
        "temp",
        "curr",
        "power",
        "energy",
        "humidity",
        "intrusion",
        "freq",
    }
)
_FILE = re.compile(r"([^0-9]+?)([0-9]*)(?:_(.+))?")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9:_]")


class SensorFile(NamedTuple):
    """What the name of a sensor's file says: ``temp1_input`` is the element ``input`` of the ``temp`` number 1."""

    kind: str
    number: str
    element: str


def parse_file_name(name: str) -> SensorFile | None:
    """Return the parts of a sensor's file name, and none for a file of another sort."""
    if name in _KINDS:
        return SensorFile(name, "0", "")
    match = _FILE.fullmatch(name)
    if match is None or match[1] not in _KINDS:
        return None
    return SensorFile(match[1], match[2] or "0", match[3] or "")


def clean_name(name: str) -> str:
    """Return a name in the letters that metric names have."""
    return _NOT_IN_NAMES.sub("_", name.lower()).strip("_")


class _Reading(NamedTuple):
    """A file that is read at each collection."""

    path: str
    scaled: Scaled
    labels: Labels


class _Chip(NamedTuple):
    """What stays the same about a chip while its files do."""

    files: tuple[str, ...]
    readings: list[_Reading]
    infos: list[tuple[Metric, Labels]]


class HwmonCollector:
    """Temperatures, fans, voltages, currents, power and alarms of each chip."""

    name = "hwmon"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/hwmon")
        self._chip_filter = options.hwmon.filter("chip")
        self._sensor_filter = options.hwmon.filter("sensor")
        self._chips: dict[str, _Chip] = {}

    def collect(self) -> list[MetricFamily]:
        chips = list_class(self._sys, "there are no hardware sensors that the kernel knows")
        names = _chip_names([f"{self._sys}/{chip}" for chip in chips])
        families = Families()
        for folder, name in names.items():
            if self._chip_filter.keeps(name):
                chip = self._find_chip(folder, name)
                for path, scaled, labels in chip.readings:
                    value = scaled.parse(read_attribute(path))
                    if value is not None:
                        families.add(scaled.metric, value, labels)
                for metric, labels in chip.infos:
                    families.add(metric, 1.0, labels)
        self._chips = {folder: chip for folder, chip in self._chips.items() if folder in names}
        return families.all()

    def _find_chip(self, folder: str, name: str) -> _Chip:
        # The sensors of old drivers are beside the device, not below the chip.
        paths = {file: f"{sub}/{file}" for sub in (f"{folder}/device", folder) for file in list_folder(sub)}
        chip = self._chips.get(folder)
        if chip is None or chip.files != (name, *paths):
            chip = self._chips[folder] = _Chip((name, *paths), *self._describe(folder, name, paths))
        return chip

    def _describe(
        self, folder: str, chip: str, paths: dict[str, str]
    ) -> tuple[list[_Reading], list[tuple[Metric, Labels]]]:
        sensors: dict[tuple[str, str], dict[str, str]] = {}
        for file, path in paths.items():
            parsed = parse_file_name(file)
            if parsed is not None:
                sensors.setdefault((parsed.kind, parsed.number), {})[parsed.element] = path
        readings: list[_Reading] = []
        infos: list[tuple[Metric, Labels]] = []
        human = clean_name(read_attribute(f"{folder}/name") or "")
        if human and sensors:
            infos.append((_CHIP_NAMES, make_labels(chip=chip, chip_name=human)))
        for (kind, number), elements in sensors.items():
            sensor = f"{kind}{number}"
            if not self._sensor_filter.keeps(f"{chip};{sensor}"):
                continue
            label = read_attribute(elements["label"]) if "label" in elements else None
            if label:
                infos.append((_SENSOR_LABEL, make_labels(chip=chip, sensor=sensor, label=label)))
            # Frequencies are told apart by their labels, such as those of a graphics card's two clocks.
            labels = make_labels(chip=chip, sensor=clean_name(label) if kind == "freq" and label else sensor)
            for element, path in elements.items():
                scaled = describe_element(kind, element, has_bare="" in elements)
                if scaled is not None:
                    readings.append(_Reading(path, scaled, labels))
        return readings, infos


def _chip_names(folders: list[str]) -> dict[str, str]:
    """Return names of chips that outlast a change of their order: by their device, or their driver, or their number.

    Chips of one device are told apart by the names that their driver gives them.
    """
    by_device = {folder: _device_name(folder) for folder in folders}
    devices = list(by_device.values())
    names = {}
    for folder, device in by_device.items():
        human = clean_name(read_attribute(f"{folder}/name") or "")
        if not device:
            names[folder] = human or clean_name(folder.rpartition("/")[2])
        elif devices.count(device) > 1 and human:
            names[folder] = f"{device}_{human}"
        else:
            names[folder] = device
    return names


def _device_name(folder: str) -> str:
    """Return a name made of the last two folders of the device's path, such as ``platform_coretemp_0``."""
    path = f"{folder}/device"
    if not os.path.exists(path):  # noqa: PTH110 -- for each chip at each collection, so without a Path
        return ""
    *_, kind, device = os.path.realpath(path).split("/")
    return "_".join(part for part in (clean_name(kind), clean_name(device)) if part)
