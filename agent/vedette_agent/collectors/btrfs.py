"""Btrfs file systems: ``/sys/fs/btrfs``, see btrfs(5)."""

from __future__ import annotations

import re

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_number
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_btrfs_info", GAUGE, "Filesystem information")
_GLOBAL_RESERVE = Metric("node_btrfs_global_rsv_size_bytes", GAUGE, "Size of global reserve.")
_DEVICE_SIZE = Metric("node_btrfs_device_size_bytes", GAUGE, "Size of a device that is part of the filesystem.")
_RESERVED = Metric("node_btrfs_reserved_bytes", GAUGE, "Amount of space reserved for a data type")
_USED = Metric("node_btrfs_used_bytes", GAUGE, "Amount of used space by a layout/data type")
_SIZE = Metric("node_btrfs_size_bytes", GAUGE, "Amount of space allocated for a layout/data type")
_RATIO = Metric("node_btrfs_allocation_ratio", GAUGE, "Data allocation ratio for a layout/data type")
_COMMITS = {
    "commits": (
        Metric("node_btrfs_commits_total", COUNTER, "The total number of commits that have occurred."),
        1.0,
    ),
    "last_commit_ms": (
        Metric("node_btrfs_last_commit_seconds", GAUGE, "Duration of the most recent commit, in seconds."),
        1000.0,
    ),
    "max_commit_ms": (
        Metric("node_btrfs_max_commit_seconds", GAUGE, "Duration of the slowest commit, in seconds."),
        1000.0,
    ),
    "total_commit_ms": (
        Metric("node_btrfs_commit_seconds_total", COUNTER, "Sum of the duration of all commits, in seconds."),
        1000.0,
    ),
}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BLOCK_GROUPS = ("data", "metadata", "system")
_COPIES = {"raid1": 2.0, "dup": 2.0, "raid10": 2.0, "raid1c3": 3.0, "raid1c4": 4.0}
_PARITY = {"raid5": 1, "raid6": 2}
_SECTOR = 512


def allocation_ratio(mode: str, devices: int) -> float:
    """Return how many bytes of disk a byte of data takes."""
    if mode in _PARITY and devices > _PARITY[mode]:
        return devices / (devices - _PARITY[mode])
    return _COPIES.get(mode, 1.0)


class BtrfsCollector:
    """Space by block group and layout, devices, and commits, of each file system."""

    name = "btrfs"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("fs/btrfs")

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for uuid in list_folder(self._sys):
            if _UUID.fullmatch(uuid):
                _add_file_system(families, f"{self._sys}/{uuid}", uuid)
        return families.all()


def _add_file_system(families: Families, folder: str, uuid: str) -> None:
    labels = (("uuid", uuid),)
    families.add(_INFO, 1.0, make_labels(uuid=uuid, label=read_attribute(f"{folder}/label") or ""))
    reserve = read_number(f"{folder}/allocation/global_rsv_size")
    if reserve is not None:
        families.add(_GLOBAL_RESERVE, float(reserve), labels)
    devices = list_folder(f"{folder}/devices")
    for device in devices:
        size = read_number(f"{folder}/devices/{device}/size")
        if size is not None:
            families.add(_DEVICE_SIZE, float(size * _SECTOR), (("device", device), *labels))
    for group in _BLOCK_GROUPS:
        _add_block_group(families, f"{folder}/allocation/{group}", group, uuid, len(devices))
    fields = dict(line.split() for line in (read_attribute(f"{folder}/commit_stats") or "").splitlines())
    for field, (metric, divisor) in _COMMITS.items():
        families.add(metric, float(fields.get(field, "0")) / divisor, labels)


def _add_block_group(families: Families, folder: str, group: str, uuid: str, devices: int) -> None:
    reserved = read_number(f"{folder}/bytes_reserved")
    if reserved is not None:
        families.add(_RESERVED, float(reserved), (("block_group_type", group), ("uuid", uuid)))
    for mode in list_folder(folder):
        used = read_number(f"{folder}/{mode}/used_bytes")
        total = read_number(f"{folder}/{mode}/total_bytes")
        if used is not None and total is not None:
            labels = (("block_group_type", group), ("mode", mode), ("uuid", uuid))
            families.add(_USED, float(used), labels)
            families.add(_SIZE, float(total), labels)
            families.add(_RATIO, allocation_ratio(mode, devices), labels)
