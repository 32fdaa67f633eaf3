"""What lets one in: communities and users, with the secrets that stand in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vedette_agent.credentials import read_secret
from vedette_agent.snmp.config import DeviceConfig, Secret, check_password
from vedette_agent.snmp.message import VERSION_1, VERSION_2C, VERSION_3
from vedette_agent.snmp.usm import User
from vedette_shared.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Access:
    """What lets the agent in: a community, or a user of version 3."""

    version: int
    community: Secret | None = None
    user: User | None = None


def read_access(device: DeviceConfig) -> Access:
    """Return how a device is entered, with the secrets that stand in files.

    Raises:
        ConfigError: a file cannot be read, or a password is too short.
    """
    if device.version != "3":
        community = device.community
        if community is None:
            assert device.community_file is not None
            community = Secret(read_secret(device.community_file))
        return Access(VERSION_1 if device.version == "1" else VERSION_2C, community)
    user = User(
        device.user,
        device.auth_protocol or "",
        read_password("auth_password", device.auth_password, device.auth_password_file),
        device.priv_protocol or "",
        read_password("priv_password", device.priv_password, device.priv_password_file),
        device.context,
    )
    return Access(VERSION_3, None, user)


def read_password(key: str, secret: Secret | None, file: Path | None) -> bytes:
    """Return a password of version 3, out of the configuration or a file; empty without both.

    Raises:
        ConfigError: the file cannot be read, or the password is too short.
    """
    if secret is not None:
        return secret.text.encode()
    if file is None:
        return b""
    text = read_secret(file)
    try:
        check_password(key, text)
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    return text.encode()
