"""``[ipmi]``: which BMCs are read, and how. ``agent/IPMI.md`` explains each key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from vedette_shared.addresses import Address
from vedette_shared.config import Duration
from vedette_shared.labels import is_legacy_label_name

Collector = Literal["ipmi", "bmc", "bmc-watchdog", "chassis", "dcmi", "sel", "health"]
Protocol = Literal["ipmi", "redfish", "auto"]
Inband = Literal["device", "freeipmi"]
Privilege = Literal["user", "operator", "admin"]

IPMI_COLLECTORS: tuple[Collector, ...] = ("ipmi", "bmc", "chassis", "dcmi", "sel")
COLLECTORS: tuple[Collector, ...] = (*IPMI_COLLECTORS, "health")
"""What is read without the key; the watchdog, which many a host has no use for, only where it is named."""

_NOT_OVER: dict[Protocol, Collector] = {"ipmi": "health", "redfish": "bmc-watchdog"}

IPMI_PORT = 623
HTTPS_PORT = 443
_FINGERPRINT_BYTES = 32
_RESERVED = ("job", "host", "instance")


def collectors_over(protocol: Protocol, collectors: Sequence[Collector]) -> tuple[Collector, ...]:
    """Return those of ``collectors`` that the protocol has."""
    return tuple(name for name in collectors if name != _NOT_OVER.get(protocol))


class TlsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ipmi.bmc.tls``: when a BMC is trusted over Redfish. At most one of its keys."""

    verify: bool = True
    fingerprint: str = ""
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if (not self.verify) + bool(self.fingerprint) + (self.ca_file is not None) > 1:
            raise ValueError("tls takes one of verify = false, fingerprint and ca_file")
        if self.fingerprint and len(self.digest) != _FINGERPRINT_BYTES:
            raise ValueError("tls.fingerprint is the SHA-256 of the certificate: 64 hexadecimal digits")

    @property
    def digest(self) -> bytes:
        """The fingerprint; empty if there is none, or it is none."""
        try:
            return bytes.fromhex(self.fingerprint.replace(":", ""))
        except ValueError:
            return b""


class BmcConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[ipmi.bmc]]``: one BMC. Without ``address`` it is that of this host, in-band."""

    address: str = ""
    host: str = ""
    instance: str = ""
    labels: dict[str, str] = {}
    user: str = ""
    password_file: Path | None = None
    privilege: Privilege | None = None
    protocol: Protocol = "ipmi"
    redfish_port: int = HTTPS_PORT
    tls: TlsConfig = TlsConfig()

    def __post_init__(self) -> None:
        if not self.address and (self.user or self.password_file or self.privilege):
            raise ValueError(
                "user, password_file and privilege are for a BMC with an address; set address, or drop them"
            )
        if self.address and not self.user:
            raise ValueError(f"{self.address} needs a user, and a password_file whose first line is the password")
        self._check_protocol()
        if self.labels and not (self.host or self.instance):
            raise ValueError("labels are for the BMC of another host; set host, or use the table labels at the top")
        for name in self.labels:
            if name in _RESERVED or not is_legacy_label_name(name) or name.startswith("__"):
                raise ValueError(f"labels.{name} cannot be set here; host and instance have keys of their own")
        _split_address(self.address)

    def _check_protocol(self) -> None:
        if self.protocol != "ipmi" and not self.address:
            raise ValueError(f'protocol = "{self.protocol}" needs the address of the BMC')
        if self.protocol == "ipmi" and self.tls != TlsConfig():
            raise ValueError('tls is for Redfish; set protocol = "redfish" or "auto", or drop it')
        if self.protocol != "auto" and self.redfish_port != HTTPS_PORT:
            raise ValueError('redfish_port is for protocol = "auto"; with "redfish" the port stands in the address')
        if not 0 < self.redfish_port < 2**16:
            raise ValueError("redfish_port must be a port, from 1 to 65535")
        if self.protocol == "redfish" and self.privilege:
            raise ValueError("privilege is for IPMI; over Redfish the user's role decides")

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port of the protocol; of IPMI where there are both."""
        return _split_address(self.address, HTTPS_PORT if self.protocol == "redfish" else IPMI_PORT)

    @property
    def redfish_url(self) -> str:
        """Scheme, host and port of the Redfish service."""
        host, port = self.endpoint
        port = self.redfish_port if self.protocol == "auto" else port
        host = f"[{host}]" if ":" in host else host
        return f"https://{host}" if port == HTTPS_PORT else f"https://{host}:{port}"

    @property
    def name(self) -> str:
        """How logs and the agent's own metrics call it."""
        return self.address or "local"


class IpmiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[ipmi]``: a table without ``[[ipmi.bmc]]`` means this host's BMC, in-band."""

    enabled: bool = True
    interval: Duration = Duration(30_000)
    timeout: Duration = Duration(15_000)
    collectors: tuple[Collector, ...] = COLLECTORS
    at_a_time: int = 64
    inband: Inband = "device"
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
        seen: dict[tuple[str, str], str] = {}
        for bmc in self.all_bmcs:
            other = seen.setdefault((bmc.host, bmc.instance or bmc.host), bmc.name)
            if other != bmc.name:
                raise ValueError(f"{other} and {bmc.name} would be one target; give each its own host, or instance")

    @property
    def all_bmcs(self) -> tuple[BmcConfig, ...]:
        """Those that are named; this host's own where none is."""
        return self.bmc or (BmcConfig(),)


def _split_address(address: str, default_port: int = IPMI_PORT) -> tuple[str, int]:
    """Raises ValueError."""
    if address.startswith("[") or address.count(":") == 1:
        parsed = Address.from_toml(address)
        return parsed.host, parsed.port
    return address, default_port
