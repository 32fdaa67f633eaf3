"""``[[snmp]]``: the devices. ``agent/SNMP.md`` explains each key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import msgspec

from vedette_agent.snmp.usm import PASSWORD_MIN
from vedette_shared.addresses import Address
from vedette_shared.config import Duration
from vedette_shared.labels import is_legacy_label_name

SNMP_PORT = 161
AUTO = "auto"
"""In place of modules: those that are known for what the device says that it is."""
_RESERVED = ("job", "host", "instance")

AuthProtocol: TypeAlias = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
PrivProtocol: TypeAlias = Literal["aes", "aes192", "aes256", "aes192c", "aes256c"]


class Secret:
    """A text that shows itself to no one who does not ask for it by name."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return "Secret(…)"

    @classmethod
    def from_toml(cls, value: object) -> Secret:
        if not isinstance(value, str) or not value:
            raise ValueError("this must be a text, and not empty")
        return cls(value)


class DeviceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device."""

    host: str
    address: str = ""
    instance: str = ""
    labels: dict[str, str] = {}
    modules: str | tuple[str, ...] = ("if_mib",)
    version: Literal["1", "2c", "3"] = "2c"
    community: Secret | None = None
    community_file: Path | None = None
    user: str = ""
    auth_protocol: AuthProtocol | None = None
    auth_password: Secret | None = None
    auth_password_file: Path | None = None
    priv_protocol: PrivProtocol | None = None
    priv_password: Secret | None = None
    priv_password_file: Path | None = None
    context: str = ""
    interval: Duration = Duration(60_000)
    timeout: Duration = Duration(30_000)
    answer_timeout: Duration = Duration(2_000)
    retries: int = 2
    in_flight: int = 2
    values: int = 50

    def __post_init__(self) -> None:
        if isinstance(self.modules, str) and self.modules != AUTO:
            raise ValueError(f'modules = "{self.modules}" must be ["{self.modules}"], or "{AUTO}"')
        if not self.host or not self.modules or len(self.modules) != len(set(self.modules)):
            raise ValueError("host must not be empty, and modules must name at least one module, each once")
        if min(self.interval, self.timeout, self.answer_timeout) <= 0:
            raise ValueError("interval, timeout and answer_timeout must be more than 0")
        if not (0 <= self.retries <= 10 and 1 <= self.in_flight <= 16 and 1 <= self.values <= 1000):
            raise ValueError("retries must be 0 to 10, in_flight 1 to 16, and values 1 to 1000")
        for name in self.labels:
            if name in _RESERVED or not is_legacy_label_name(name) or name.startswith("__"):
                raise ValueError(f"labels.{name} cannot be set here; host and instance have keys of their own")
        _split_address(self.address or self.host)
        self._check_access()

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where the device listens."""
        return _split_address(self.address or self.host)

    @property
    def instance_name(self) -> str:
        """The label ``instance``."""
        return self.instance or self.address or self.host

    def _check_access(self) -> None:
        if self.version != "3":
            _check_one("community", self.community, self.community_file)
            return
        if not self.user:
            raise ValueError('version = "3" needs user')
        check_user(self)


class UserKeys(Protocol):
    """The keys of the configuration that a user of version 3 has."""

    @property
    def auth_protocol(self) -> AuthProtocol | None: ...

    @property
    def auth_password(self) -> Secret | None: ...

    @property
    def auth_password_file(self) -> Path | None: ...

    @property
    def priv_protocol(self) -> PrivProtocol | None: ...

    @property
    def priv_password(self) -> Secret | None: ...

    @property
    def priv_password_file(self) -> Path | None: ...


def check_user(keys: UserKeys) -> None:
    """Raise ValueError where the protocols and passwords of a user do not go together."""
    if keys.priv_protocol and not keys.auth_protocol:
        raise ValueError("priv_protocol needs auth_protocol")
    if keys.auth_protocol:
        _check_one("auth_password", keys.auth_password, keys.auth_password_file)
    if keys.priv_protocol:
        _check_one("priv_password", keys.priv_password, keys.priv_password_file)
    for key, secret in (("auth_password", keys.auth_password), ("priv_password", keys.priv_password)):
        if secret is not None:
            check_password(key, secret.text)


def check_password(key: str, text: str) -> None:
    """Raise ValueError where RFC 3414 finds the password too short."""
    if len(text.encode()) < PASSWORD_MIN:
        raise ValueError(f"{key} must have at least {PASSWORD_MIN} bytes, as the standard demands")


def check_devices(devices: Sequence[DeviceConfig]) -> None:
    """Raise ValueError where two devices are called the same."""
    hosts = [device.host for device in devices]
    for host in hosts:
        if hosts.count(host) > 1:
            raise ValueError(f"two devices of snmp have host = {host!r}; give each its own")


def _check_one(key: str, secret: Secret | None, file: Path | None) -> None:
    if (secret is None) == (file is None):
        raise ValueError(f"one of {key} and {key}_file must be set")


def _split_address(text: str) -> tuple[str, int]:
    """Return host and port; the port may be missing."""
    bare = text.count(":") > 1 and not text.startswith("[")
    if bare or ":" not in text.rpartition("]")[2]:
        text = f"[{text}]:{SNMP_PORT}" if bare else f"{text}:{SNMP_PORT}"
    address = Address.from_toml(text)
    return address.host, address.port
