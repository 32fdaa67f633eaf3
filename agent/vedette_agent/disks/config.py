"""``[disks]``: which disks are asked for their health, and how often. ``agent/DISKS.md`` explains each key."""

from __future__ import annotations

import msgspec

from vedette_shared.config import Duration


class DiskConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[disks.disk]]``: one that smartctl's scan does not find by itself."""

    device: str
    type: str = "auto"

    def __post_init__(self) -> None:
        if not self.device.startswith("/") or not self.type or self.type.startswith("-"):
            raise ValueError(
                'a disk is a device and smartctl\'s type for it, like device = "/dev/sg1", type = "cciss,0"'
            )


class DisksConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[disks]``: on wherever smartctl is found."""

    enabled: bool = True
    smartctl: str = ""
    interval: Duration = Duration(300_000)
    timeout: Duration = Duration(30_000)
    at_a_time: int = 4
    scan: bool = True
    scan_types: tuple[str, ...] = ()
    extended: bool = True
    exclude: tuple[str, ...] = ()
    disk: tuple[DiskConfig, ...] = ()

    def __post_init__(self) -> None:
        if self.interval <= 0 or self.timeout <= 0 or self.at_a_time < 1:
            raise ValueError("interval, timeout and at_a_time must be more than 0")
        if not self.scan and not self.disk:
            raise ValueError("without a scan there must be a table [[disks.disk]]; or set enabled = false")
        if any(not kind or kind.startswith("-") for kind in self.scan_types):
            raise ValueError('scan_types are device types of smartctl --scan, like ["sat", "nvme", "megaraid"]')
        if len({(disk.device, disk.type) for disk in self.disk}) != len(self.disk):
            raise ValueError("a disk stands twice")
