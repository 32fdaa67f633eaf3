"""``[ipmi]``: which BMCs are read, and how. ``agent/IPMI.md`` explains each key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from vedette_shared.config import Duration

Collector = Literal["ipmi", "bmc", "chassis", "dcmi", "sel"]
Privilege = Literal["user", "operator", "admin"]

COLLECTORS: tuple[Collector, ...] = ("ipmi", "bmc", "chassis", "dcmi", "sel")

MAX_PORT = 65_535


class BmcConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[ipmi.bmc]]``: one BMC. Without ``address`` it is that of this host, in-band."""

    address: str = ""
    port: int = 623
    host: str = ""
    instance: str = ""
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
        if not 0 < self.port <= MAX_PORT:
            raise ValueError(f"port must be between 1 and {MAX_PORT}")

    @property
    def target(self) -> dict[str, str]:
        """The labels host and instance of what it reports, where they are not the agent's own."""
        host, instance = self.host, self.instance or self.host
        return {name: value for name, value in (("host", host), ("instance", instance)) if value}

    @property
    def name(self) -> str:
        """How logs and the agent's own metrics call it."""
        if not self.address:
            return "local"
        return self.address if self.port == 623 else f"{self.address}:{self.port}"  # IPMI's own port


class IpmiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[ipmi]``: a table without ``[[ipmi.bmc]]`` means this host's BMC, in-band."""

    interval: Duration = Duration(30_000)
    timeout: Duration = Duration(15_000)
    collectors: tuple[Collector, ...] = COLLECTORS
    at_a_time: int = 32
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
