"""Disks with several paths, by the device mapper: ``/sys/block/dm-*``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class, list_folder, read_attribute, read_number
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_dmmultipath_device_info", GAUGE, "Non-numeric information about a DM-multipath device.")
_ACTIVE = Metric(
    "node_dmmultipath_device_active",
    GAUGE,
    "Whether the multipath device-mapper device is active (1) or suspended (0).",
)
_SIZE = Metric(
    "node_dmmultipath_device_size_bytes",
    GAUGE,
    "Size of the multipath device in bytes, read from /sys/block/<dm>/size.",
)
_PATHS = Metric("node_dmmultipath_device_paths", GAUGE, "Number of paths for a multipath device.")
_PATHS_ACTIVE = Metric(
    "node_dmmultipath_device_paths_active",
    GAUGE,
    "Number of paths in active state (SCSI running or NVMe live) for a multipath device.",
)
_PATHS_FAILED = Metric(
    "node_dmmultipath_device_paths_failed", GAUGE, "Number of paths not in active state for a multipath device."
)
_PATH_STATE = Metric(
    "node_dmmultipath_path_state",
    GAUGE,
    "Reports the underlying device state for a multipath path, as read from /sys/block/<dev>/device/state.",
)
_SECTOR = 512
_ACTIVE_STATES = frozenset({"running", "live"})


class DmmultipathCollector:
    """Size of each such disk, and the state of its paths."""

    name = "dmmultipath"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("block")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for name in list_class(self._sys, "there are no disks with several paths"):
            if name.startswith("dm-"):
                uuid = read_attribute(f"{self._sys}/{name}/dm/uuid") or ""
                if uuid.startswith("mpath-"):
                    self._add_device(families, name, uuid)
        return families.all()

    def _add_device(self, families: Families, name: str, uuid: str) -> None:
        folder = f"{self._sys}/{name}"
        device = read_attribute(f"{folder}/dm/name") or name
        labels = (("device", device), ("sysfs_name", name))
        families.add(_INFO, 1.0, make_labels([*labels, ("uuid", uuid)]))
        families.add(_ACTIVE, float(read_number(f"{folder}/dm/suspended") != 1), labels)
        families.add(_SIZE, float((read_number(f"{folder}/size") or 0) * _SECTOR), labels)
        states = {
            path: read_attribute(f"{self._sys}/{path}/device/state") or "unknown"
            for path in list_folder(f"{folder}/slaves")
        }
        active = sum(state in _ACTIVE_STATES for state in states.values())
        families.add(_PATHS, float(len(states)), labels)
        families.add(_PATHS_ACTIVE, float(active), labels)
        families.add(_PATHS_FAILED, float(len(states) - active), labels)
        for path, state in states.items():
            families.add(_PATH_STATE, 1.0, (("device", device), ("path", path), ("state", state)))
