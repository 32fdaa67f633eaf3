"""Where to listen: ``host:port``, and whether that address is reached from this machine alone."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Address:
    """A host, by name or number, and a TCP port; written ``127.0.0.1:9470`` or ``[::1]:9470``."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @classmethod
    def from_toml(cls, value: object) -> Address:
        """Return the address that a configuration names.

        Raises:
            ValueError: it is not of the form ``host:port``.
        """
        host, _, port = str(value).rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not isinstance(value, str) or not host or not port.isdecimal() or int(port) > MAX_PORT:
            raise ValueError(f'{value!r} is not an address; write it like "127.0.0.1:9470" or "[::1]:9470"')
        return cls(host, int(port))
