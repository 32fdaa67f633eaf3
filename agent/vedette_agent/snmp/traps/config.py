"""``[snmp_traps]``: where traps are taken, of whom, and how much they matter. ``agent/SNMP.md`` explains each key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from vedette_agent.snmp.ber import parse_oid
from vedette_agent.snmp.config import AuthProtocol, PrivProtocol, Secret, check_user
from vedette_agent.snmp.traps.engine import parse_engine_id
from vedette_shared.addresses import Address
from vedette_shared.config import Duration

TRAP_PORT = 162

SeverityName: TypeAlias = Literal["info", "warning", "critical", "ignore"]
"""How much a trap matters; those to ignore are counted only."""


class TrapUserConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[snmp_traps.users]]``: who may send traps and informs of version 3."""

    user: str
    auth_protocol: AuthProtocol | None = None
    auth_password: Secret | None = None
    auth_password_file: Path | None = None
    priv_protocol: PrivProtocol | None = None
    priv_password: Secret | None = None
    priv_password_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.user:
            raise ValueError("user must not be empty")
        check_user(self)


class TrapsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[snmp_traps]``."""

    listen: Address = Address("127.0.0.1", TRAP_PORT)
    insecure: bool = False
    communities: tuple[Secret, ...] = ()
    communities_file: Path | None = None
    users: tuple[TrapUserConfig, ...] = ()
    engine_id: str = ""
    interval: Duration = Duration(5_000)
    rate: float = 10.0
    burst: int = 100
    definitions: Path = Path("/etc/vedette/snmp-traps")
    severity: SeverityName = "info"
    severities: dict[str, SeverityName] = {}

    def __post_init__(self) -> None:
        if not (self.communities or self.communities_file or self.users):
            raise ValueError("communities, communities_file or users must say who may send traps")
        is_open = self.communities or self.communities_file or any(user.auth_protocol is None for user in self.users)
        if is_open and not self.listen.is_loopback and not self.insecure:
            raise ValueError(
                f'listen = "{self.listen}" is reached from other machines, and whoever knows a community or the name of'
                " a user without auth_protocol can send traps: set insecure = true to take them all the same"
            )
        names = [user.user for user in self.users]
        if len(set(names)) != len(names):
            raise ValueError("a user stands twice")
        if self.interval <= 0 or not 0 < self.rate <= 1000 or not 1 <= self.burst <= 10_000:
            raise ValueError("interval must be more than 0, rate at most 1000, and burst 1 to 10000")
        if self.engine_id:
            parse_engine_id(self.engine_id)
        for name in self.severities:
            if name[:1].isdigit():
                parse_oid(name)
