"""``[raid]``: which controllers are asked, and how often. ``agent/DISKS.md`` explains each key."""

from __future__ import annotations

import msgspec

from vedette_shared.config import Duration


class RaidConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[raid]``: on wherever one of the programs is found, or the kernel has arrays."""

    enabled: bool = True
    interval: Duration = Duration(300_000)
    timeout: Duration = Duration(60_000)
    storcli: str = ""
    ssacli: str = ""
    arcconf: str = ""
    zpool: str = ""
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.interval <= 0 or self.timeout <= 0:
            raise ValueError("interval and timeout must be more than 0")
        known = ("storcli", "ssacli", "arcconf", "zpool", "md")
        for name in self.exclude:
            if name not in known:
                raise ValueError(f"exclude names {name!r}, which is none of {', '.join(known)}")
