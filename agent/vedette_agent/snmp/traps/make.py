"""The source of traps out of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vedette_agent.snmp.access import read_password
from vedette_agent.snmp.config import DeviceConfig, Secret
from vedette_agent.snmp.traps.config import TrapsConfig, TrapUserConfig
from vedette_agent.snmp.traps.definitions import load_definitions
from vedette_agent.snmp.traps.source import NAME, Senders, TrapSource
from vedette_agent.snmp.usm import User
from vedette_shared.clock import Clock
from vedette_shared.errors import ConfigError


def plan_traps(
    config: TrapsConfig, devices: Sequence[DeviceConfig], data: Path, clock: Clock
) -> tuple[str, object, Callable[[], TrapSource]]:
    """Return the source's name, what decides whether it is the same, and how it is made.

    Raises:
        ConfigError: a file of secrets or of definitions is missing or not sound.
    """
    communities = (*config.communities, *_read_communities(config.communities_file))
    users = {user.user: _read_user(user) for user in config.users}
    senders = Senders(
        tuple(community.text.encode() for community in communities),
        users,
        {device.host: device.endpoint[0] for device in devices},
    )
    definitions = load_definitions(config)

    def make() -> TrapSource:
        return TrapSource(config, senders, definitions, data, clock)

    return NAME, (config, communities, users, senders.devices, definitions, data), make


def _read_communities(file: Path | None) -> list[Secret]:
    """One a line; empty lines and those that begin with # do not count."""
    if file is None:
        return []
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
    found = [Secret(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise ConfigError(f"{file}: holds no community; write one a line")
    return found


def _read_user(user: TrapUserConfig) -> User:
    return User(
        user.user,
        user.auth_protocol or "",
        read_password("auth_password", user.auth_password, user.auth_password_file),
        user.priv_protocol or "",
        read_password("priv_password", user.priv_password, user.priv_password_file),
    )
