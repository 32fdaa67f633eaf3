"""The agent's configuration: ``agent.toml`` and the folder ``agent.d``. ``agent/README.md`` explains each key."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from vedette_agent.collectors.options import NodeOptions
from vedette_shared.addresses import Address
from vedette_shared.config import Duration, Size, load_config
from vedette_shared.labels import is_legacy_label_name

DEFAULT_FILE = Path("/etc/vedette/agent.toml")
DROP_INS = "agent.d"

RESERVED_LABELS = ("job", "host")
MIN_INTERVAL_MS = 100


class ExposeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[expose]``: the page of metrics."""

    enabled: bool = True
    listen: Address = Address("127.0.0.1", 9472)
    insecure: bool = False

    def __post_init__(self) -> None:
        if self.enabled and not self.listen.is_loopback and not self.insecure:
            raise ValueError(
                f'listen = "{self.listen}" is reached from other machines: set insecure = true to allow that'
            )


class SpoolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[push.spool]``: what is kept for a server that is away."""

    max_size: Size = Size(512 * 2**20)
    max_age: Duration = Duration(7 * 86_400_000)

    def __post_init__(self) -> None:
        if self.max_size < 2**20 or self.max_age <= 0:
            raise ValueError("max_size must be at least 1MiB, and max_age more than 0")


class PushConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[push]``: where the frames go."""

    url: str
    timeout: Duration = Duration(10_000)
    start_jitter: Duration = Duration(1_000)
    flush_time: Duration = Duration(3_000)
    catch_up_rate: Size = Size(64 * 2**10)
    backoff: Duration = Duration(1_000)
    max_backoff: Duration = Duration(60_000)
    spool: SpoolConfig = SpoolConfig()

    def __post_init__(self) -> None:
        check_url(self.url)
        if min(self.timeout, self.backoff, self.max_backoff, self.catch_up_rate) <= 0:
            raise ValueError("timeout, backoff, max_backoff and catch_up_rate must be more than 0")


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``agent.toml``."""

    host: str = ""
    labels: dict[str, str] = {}
    interval: Duration = Duration(15_000)
    timeout: Duration = Duration(10_000)
    collector_timeout: Duration = Duration(2_000)
    data: Path = Path("/var/lib/vedette/agent")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    expose: ExposeConfig = ExposeConfig()
    push: PushConfig | None = None
    node: NodeOptions = NodeOptions()

    def __post_init__(self) -> None:
        if self.interval < MIN_INTERVAL_MS:
            raise ValueError("interval must be at least 100ms")
        if self.timeout <= 0 or self.collector_timeout <= 0:
            raise ValueError("timeout and collector_timeout must be more than 0")
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


def check_url(url: str) -> None:
    """Raise ValueError unless ``url`` is the address of a server."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'{url!r} is not the URL of a server; write it like "http://127.0.0.1:9471"')
