"""Where to listen: ``host:port``, and whether that address is reached from this machine alone."""

from __future__ import annotations

import ipaddress

MAX_PORT = 65_535


class Address:
    """A host, by name or number, and a TCP port; written ``127.0.0.1:9470`` or ``[::1]:9470``.

    Not a dataclass, as msgspec would read it from a table of its fields and never ask ``from_toml``.
    """

    __slots__ = ("_host", "_port")

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @property
    def host(self) -> str:
        return self._host

    @property
    def port(self) -> int:
        return self._port

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and (self._host, self._port) == (other._host, other._port)

    def __hash__(self) -> int:
        return hash((self._host, self._port))

    def __repr__(self) -> str:
        return f"Address({self._host!r}, {self._port})"

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
