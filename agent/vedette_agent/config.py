"""The agent's configuration: ``agent.toml`` and the folder ``agent.d``. ``agent/README.md`` explains each key."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

import msgspec

from vedette_agent.apps.config import AppsConfig
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.config_parts import CustomConfig, ExposeConfig, LocalConfig, PluginsConfig, PushConfig
from vedette_agent.disks.config import DisksConfig
from vedette_agent.ipmi.config import IpmiConfig
from vedette_agent.raid.config import RaidConfig
from vedette_agent.snmp.config import DeviceConfig, check_devices
from vedette_agent.snmp.traps.config import TrapsConfig
from vedette_agent.sources.limits import SourceLimits
from vedette_shared.config import Duration, load_config
from vedette_shared.labels import is_legacy_label_name

DEFAULT_FILE = Path("/etc/vedette/agent.toml")
DROP_INS = "agent.d"

RESERVED_LABELS = ("job", "host")
MIN_INTERVAL_MS = 100


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``agent.toml``."""

    host: str = ""
    labels: dict[str, str] = {}
    interval: Duration = Duration(15_000)
    timeout: Duration = Duration(10_000)
    collector_timeout: Duration = Duration(2_000)
    data: Path = Path("/var/lib/vedette/agent")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    limits: SourceLimits = SourceLimits()
    expose: ExposeConfig = ExposeConfig()
    push: PushConfig | None = None
    node: NodeOptions = NodeOptions()
    local: LocalConfig | None = None
    plugins: PluginsConfig | None = None
    custom: CustomConfig | None = None
    apps: AppsConfig = AppsConfig()
    disks: DisksConfig = DisksConfig()
    raid: RaidConfig = RaidConfig()
    ipmi: IpmiConfig | None = None
    snmp_modules: Path = Path("/etc/vedette/snmp")
    snmp: tuple[DeviceConfig, ...] = ()
    snmp_traps: TrapsConfig | None = None

    def __post_init__(self) -> None:
        if self.interval < MIN_INTERVAL_MS:
            raise ValueError("interval must be at least 100ms")
        if self.timeout <= 0 or self.collector_timeout <= 0:
            raise ValueError("timeout and collector_timeout must be more than 0")
        check_devices(self.snmp)
        for name in self.labels:
            if name in RESERVED_LABELS:
                raise ValueError(f"labels.{name} is set by the agent itself; use the key host for the host's name")
            if not is_legacy_label_name(name) or name.startswith("__"):
                raise ValueError(f"labels.{name} is not a label name; letters, digits and _ make one")

    @property
    def host_name(self) -> str:
        """The label ``host``: as configured, or the machine's own name."""
        return self.host or socket.gethostname()


def load_agent_config(file: Path | None) -> AgentConfig:
    """Return the configuration in ``file`` and the folder beside it; without a file, the default one where it exists.

    Raises:
        ConfigError: it cannot be taken.
    """
    if file is None:
        file = DEFAULT_FILE
        return load_config(AgentConfig, file if file.exists() else None, file.with_name(DROP_INS))
    return load_config(AgentConfig, file, file.with_name(DROP_INS))
