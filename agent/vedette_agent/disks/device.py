"""Which disks there are: those that smartctl's scan finds, and those of the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vedette_agent.disks.config import DisksConfig
from vedette_agent.documents import Document, table, text

_FOLDER = re.compile(r"^/dev/(?:disk/by-id/|disk/by-path/)?")


@dataclass(frozen=True, slots=True)
class Device:
    """A disk as smartctl is told of it: a file in /dev, and how to talk to what is behind it."""

    name: str
    type: str

    @property
    def label(self) -> str:
        """The label ``device``, as smartctl_exporter has it: ``sda``, ``bus_0_megaraid_7``."""
        name = _FOLDER.sub("", self.name).replace("/", "_")
        return f"{name}_{self.type.replace(',', '_')}" if "," in self.type else name


def devices_of(scan: Document | None, config: DisksConfig) -> list[Device]:
    """Return the disks of a scan and of the configuration, each once; those named in the configuration as it says."""
    named = [Device(disk.device, disk.type) for disk in config.disk]
    names = {device.name for device in named}
    rows = table(scan or {}, "devices")
    found = [Device(text(row, "name"), text(row, "type") or "auto") for row in rows if text(row, "name")[:1] == "/"]
    # A disk that is named is not asked again in the way that the scan guessed; the others of its controller are.
    rest = [device for device in found if device.name not in names or "," in device.type]
    return [device for device in _by_label([*named, *rest]) if not _is_excluded(device, config.exclude)]


def _by_label(devices: Iterable[Device]) -> list[Device]:
    unique: dict[str, Device] = {}
    for device in devices:
        unique.setdefault(device.label, device)
    return list(unique.values())


def _is_excluded(device: Device, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(device.label, pattern) or fnmatchcase(device.name, pattern) for pattern in patterns)
