"""``[ipmi]``: which BMCs are read, and how. ``agent/IPMI.md`` explains each key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from vedette_shared.addresses import Address
from vedette_shared.config import Duration
from vedette_shared.labels import is_legacy_label_name

Collector = Literal["ipmi", "bmc", "chassis", "dcmi", "sel"]
Privilege = Literal["user", "operator", "admin"]

COLLECTORS: tuple[Collector, ...] = ("ipmi", "bmc", "chassis", "dcmi", "sel")

IPMI_PORT = 623
_RESERVED = ("job", "host", "instance")


class BmcConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[ipmi.bmc]]``: one BMC. Without ``address`` it is that of this host, in-band."""

    address: str = ""
    host: str = ""
    instance: str = ""
    labels: dict[str, str] = {}
    user: str = ""
    password_file: Path | None = None
    privilege: Privilege | None = None

    def __post_init__(self) -> None:
        if not self.address and (self.user or self.password_file or self.privilege):
            raise ValueError(
                "user, password_file and privilege are for a BMC with an address; set address, or drop them"
            )
        if self.address and not self.user:
            raise ValueError(f"{self.address} needs a user, and a password_file whose first line is the password")
        if self.labels and not (self.host or self.instance):
            raise ValueError("labels are for the BMC of another host; set host, or use the table labels at the top")
        for name in self.labels:
            if name in _RESERVED or not is_legacy_label_name(name) or name.startswith("__"):
                raise ValueError(f"labels.{name} cannot be set here; host and instance have keys of their own")
        _split_address(self.address)

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port."""
        return _split_address(self.address)

    @property
    def name(self) -> str:
        """How logs and the agent's own metrics call it."""
        return self.address or "local"


class IpmiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[ipmi]``: a table without ``[[ipmi.bmc]]`` means this host's BMC, in-band."""

    interval: Duration = Duration(30_000)
    timeout: Duration = Duration(15_000)
    collectors: tuple[Collector, ...] = COLLECTORS
    at_a_time: int = 64
    tools: Path = Path("/usr/sbin")
    bmc: tuple[BmcConfig, ...] = ()

    def __post_init__(self) -> None:
        if self.interval <= 0 or self.timeout <= 0 or self.at_a_time < 1:
            raise ValueError("interval, timeout and at_a_time must be more than 0")
        if not self.collectors:
            raise ValueError("collectors must name at least one; drop the key for all of them")
        names = [bmc.name for bmc in self.all_bmcs]
        if len(set(names)) != len(names):
            raise ValueError("a BMC stands twice")

    @property
    def all_bmcs(self) -> tuple[BmcConfig, ...]:
        """Those that are named; this host's own where none is."""
        return self.bmc or (BmcConfig(),)


def _split_address(address: str) -> tuple[str, int]:
    """Raises ValueError."""
    if address.startswith("[") or address.count(":") == 1:
        parsed = Address.from_toml(address)
        return parsed.host, parsed.port
    return address, IPMI_PORT
