"""The server's configuration: ``server.toml`` and its drop-in folders, checked whole before anything uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from vedette_server.checks.config import ChecksConfig
from vedette_server.checks.load import load_checks
from vedette_server.notify.config import DeliveryConfig, NotifyConfig, require_sound
from vedette_server.promql import parse
from vedette_server.scrape.config import ScrapeConfig
from vedette_server.state import EventsConfig, StateConfig
from vedette_server.storage import StorageOptions
from vedette_shared.addresses import Address
from vedette_shared.config import Duration, Size, merge_config, read_documents

DEFAULT_FILE = Path("/etc/vedette/server.toml")
DROP_INS = ("server.d", "checks.d", "notify.d")
CHECK_KEYS = ("check", "hosts")
ORIGIN = re.compile(r"https?://[^/\s]+")
MIN_RETENTION_MS = 3_600_000
MIN_HEAD_AGE_MS, MAX_HEAD_AGE_MS = 10_000, 7_200_000
MIN_HEAD_SIZE, MAX_HEAD_SIZE = 1 << 20, 1 << 30


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one of the server's ports listens.

    Attributes:
        listen: The address.
        insecure: Allow an address that other machines reach, without TLS and authentication.
    """

    listen: Address
    insecure: bool = False

    def __post_init__(self) -> None:
        if not self.listen.is_loopback and not self.insecure:
            raise ValueError(
                f"listen = {str(self.listen)!r} is reached from other machines, without TLS and authentication;"
                " say insecure = true to allow that, or listen on 127.0.0.1"
            )


class IngestConfig(Listen, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The port that agents push to.

    Attributes:
        max_message: The most that one message may hold once decompressed.
    """

    listen: Address = Address("127.0.0.1", 9471)
    max_message: Size = Size(64 * 2**20)


class ApiConfig(Listen, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The port of people, Grafana and the terminal.

    Attributes:
        admin: Let clients delete series and take snapshots.
        origins: The web sites, such as ``"https://grafana.example.org"``, whose pages may read the answers; ``"*"``
            for all.
    """

    listen: Address = Address("127.0.0.1", 9470)
    admin: bool = False
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for origin in self.origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f'{origin!r} is not an origin; write it like "https://grafana.example.org", or "*"')


class QueryConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What queries may cost.

    Attributes:
        timeout: A query is ended after this time.
        concurrency: Queries that are evaluated at the same time; more wait.
        max_samples: Samples that one query may load.
        slow: A query that takes longer is logged with its cost; ``0s`` to log none.
    """

    timeout: Duration = Duration(120_000)
    concurrency: int = 4
    max_samples: int = 100_000_000
    slow: Duration = Duration(10_000)

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.concurrency < 1 or self.max_samples < 1:
            raise ValueError("timeout, concurrency and max_samples must be more than 0")


class StorageConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept.

    Attributes:
        retention: Samples older than this are dropped.
        retention_size: The oldest blocks are dropped when all take more than this; 0 for no bound.
        head_age: So long samples stay in memory before they become a block.
        head_size: They become one sooner when they take as much, unless there are too few of each series.
        head_size_max: They become one when they take as much in any case.
    """

    retention: Duration = Duration(90 * 86_400_000)
    retention_size: Size = Size(0)
    head_age: Duration = Duration(5 * 60_000)
    head_size: Size = Size(96 << 20)
    head_size_max: Size = Size(512 << 20)

    def __post_init__(self) -> None:
        if self.retention < MIN_RETENTION_MS:
            raise ValueError("retention must be at least 1h")
        if not MIN_HEAD_AGE_MS <= self.head_age <= MAX_HEAD_AGE_MS:
            raise ValueError("head_age must be from 10s to 2h")
        if not MIN_HEAD_SIZE <= self.head_size <= self.head_size_max:
            raise ValueError("head_size must be at least 1MB, and at most head_size_max")
        if self.head_size_max > MAX_HEAD_SIZE:
            raise ValueError("head_size_max must be at most 1GB")

    def options(self) -> StorageOptions:
        """The same, as the store takes it."""
        return StorageOptions(
            retention_ms=self.retention,
            retention_bytes=self.retention_size,
            cut_after_ms=self.head_age,
            head_bytes=self.head_size,
            head_bytes_max=self.head_size_max,
        )


class ServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in ``server.toml`` beside the checks."""

    data: Path = Path("/var/lib/vedette/server")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    api: ApiConfig = ApiConfig()
    ingest: IngestConfig = IngestConfig()
    query: QueryConfig = QueryConfig()
    storage: StorageConfig = StorageConfig()
    scrape: tuple[ScrapeConfig, ...] = ()
    notify: tuple[NotifyConfig, ...] = ()
    delivery: DeliveryConfig = DeliveryConfig()
    state: StateConfig = StateConfig()
    events: EventsConfig = EventsConfig()


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole configuration."""

    server: ServerConfig
    checks: ChecksConfig


def load_configuration(file: Path | None) -> Configuration:
    """Return what ``file`` and the drop-in folders beside it say; with ``None``, the defaults.

    Raises:
        ConfigError: in one line, the file, the key and the fix.
    """
    drop_ins = [file.parent / name for name in DROP_INS] if file is not None else []
    documents = read_documents(file, *drop_ins)
    rest = [(name, _without(document, CHECK_KEYS)) for name, document in documents]
    checks = [(name, _only(document, CHECK_KEYS)) for name, document in documents]
    server = merge_config(ServerConfig, rest)
    require_sound(server.notify)
    return Configuration(server, load_checks(checks, parse))


def _only(document: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key in keys}


def _without(document: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in keys}
