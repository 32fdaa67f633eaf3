"""Sources of devices, as a configuration makes them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vedette_agent.snmp.access import read_access
from vedette_agent.snmp.config import DeviceConfig
from vedette_agent.snmp.declarations import load_modules
from vedette_agent.snmp.recognition import Recognition
from vedette_agent.snmp.source import SnmpSource
from vedette_shared.config import merge_config
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

SHA = {
    "version": "3",
    "user": "shauser",
    "auth_protocol": "sha",
    "auth_password": "authpass123",
    "priv_protocol": "aes",
    "priv_password": "privpass123",
}
SHA256 = {**SHA, "user": "sha256user", "auth_protocol": "sha256"} | {
    "auth_password": "authpass256",
    "priv_password": "privpass256",
}
SHA512 = {"version": "3", "user": "sha512user", "auth_protocol": "sha512", "auth_password": "authpass512"}
SHA512_AES = {**SHA512, "user": "sha512aesuser", "priv_protocol": "aes", "priv_password": "privpass512"}
SHA512_AES256 = {**SHA512_AES, "user": "sha512aes256user", "priv_protocol": "aes256"}
SIMULATED = {**SHA, "user": "simuser", "auth_protocol": "sha256"}


def device(
    port: int, *, folder: Path = Path("/nonexistent"), monotonic: Callable[[], float] = time.monotonic, **keys: Any
) -> SnmpSource:
    """The source of a device on loopback, as ``[[snmp]]`` with ``keys`` makes it."""
    table = {"host": "sw1", "address": f"127.0.0.1:{port}", **keys}
    if table.get("version") != "3":
        table.setdefault("community", "public")
    config = merge_config(DeviceConfig, [("agent.toml", table)])
    modules = Recognition(folder) if isinstance(config.modules, str) else load_modules(config.modules, folder)
    return SnmpSource(config, read_access(config), modules, monotonic)


def by_name(families: Sequence[MetricFamily]) -> dict[str, dict[Labels, float]]:
    """Values by labels by name."""
    found: dict[str, dict[Labels, float]] = {}
    for family in families:
        for sample in family.samples:
            assert sample.labels not in found.setdefault(sample.name, {})
            found[sample.name][sample.labels] = sample.value
    return found
