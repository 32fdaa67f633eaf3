"""The tables of the agent's configuration."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from vedette_shared.addresses import Address
from vedette_shared.config import Duration, Size


class BasicAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[expose.basic_auth]``: who may read the pages. The password is the first line of a file."""

    user: str
    password_file: Path


class ExposeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[expose]``: the page of metrics."""

    enabled: bool = True
    listen: Address = Address("127.0.0.1", 9472)
    insecure: bool = False
    cert_file: Path | None = None
    key_file: Path | None = None
    basic_auth: BasicAuth | None = None

    def __post_init__(self) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        is_guarded = self.cert_file is not None and self.basic_auth is not None
        if self.enabled and not self.listen.is_loopback and not self.insecure and not is_guarded:
            raise ValueError(
                f'listen = "{self.listen}" is reached from other machines: set cert_file, key_file and basic_auth,'
                " or insecure = true to do without"
            )


class SpoolConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[push.spool]``: what is kept for servers that are away."""

    max_size: Size = Size(512 * 2**20)
    max_age: Duration = Duration(7 * 86_400_000)

    def __post_init__(self) -> None:
        if self.max_size < 2**20 or self.max_age <= 0:
            raise ValueError("max_size must be at least 1MiB, and max_age more than 0")


class ServerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[push.servers]]``: one of several servers that all get every frame."""

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        check_url(self.url)


class PushConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[push]``: where the frames go."""

    url: str = ""
    token_file: Path | None = None
    ca_file: Path | None = None
    servers: tuple[ServerConfig, ...] = ()
    timeout: Duration = Duration(10_000)
    start_jitter: Duration = Duration(1_000)
    flush_time: Duration = Duration(3_000)
    catch_up_rate: Size = Size(64 * 2**10)
    backoff: Duration = Duration(1_000)
    max_backoff: Duration = Duration(30_000)
    spool: SpoolConfig = SpoolConfig()

    def __post_init__(self) -> None:
        if self.url:
            check_url(self.url)
        if not self.all_servers:
            raise ValueError('url is required, such as "http://127.0.0.1:9471", or a table servers')
        urls = [server.url for server in self.all_servers]
        if len(set(urls)) != len(urls):
            raise ValueError("a server stands twice")
        if min(self.timeout, self.backoff, self.max_backoff, self.catch_up_rate) <= 0:
            raise ValueError("timeout, backoff, max_backoff and catch_up_rate must be more than 0")

    @property
    def all_servers(self) -> tuple[ServerConfig, ...]:
        """Every server: that of ``url`` and those of ``servers``."""
        first = (ServerConfig(self.url, self.token_file, self.ca_file),) if self.url else ()
        return (*first, *self.servers)


class LocalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[local]``: Check_MK local checks."""

    folder: Path = Path("/usr/lib/check_mk_agent/local")
    interval: Duration = Duration(60_000)
    timeout: Duration = Duration(30_000)

    def __post_init__(self) -> None:
        _check_times(self.interval, self.timeout)


class PluginConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[plugins.plugin]]``: one Nagios plugin. Without times of its own it has those of the table."""

    name: str
    command: tuple[str, ...]
    interval: Duration | None = None
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.command:
            raise ValueError("name and command must not be empty")
        _check_times(self.interval or 1, self.timeout or 1)


class PluginsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[plugins]``: Nagios plugins, of MRPE's configuration and of the agent's own."""

    mrpe_file: Path | None = None
    plugin: tuple[PluginConfig, ...] = ()
    interval: Duration = Duration(60_000)
    timeout: Duration = Duration(30_000)

    def __post_init__(self) -> None:
        _check_times(self.interval, self.timeout)
        names = [plugin.name for plugin in self.plugin]
        if len(set(names)) != len(names):
            raise ValueError("two plugins have the same name")


class CustomConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[custom]``: collectors written in Python."""

    folder: Path | None = Path("/etc/vedette/collectors")
    entry_points: bool = True
    interval: Duration = Duration(15_000)
    timeout: Duration = Duration(10_000)
    collector_timeout: Duration = Duration(5_000)

    def __post_init__(self) -> None:
        _check_times(self.interval, self.timeout)
        _check_times(self.interval, self.collector_timeout)


def check_url(url: str) -> None:
    """Raise ValueError unless ``url`` is the address of a server."""
    try:
        parts = urlsplit(url)
        is_server = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_server = False
    if not is_server:
        raise ValueError(f'{url!r} is not the URL of a server; write it like "http://127.0.0.1:9471"')


def _check_times(interval: int, timeout: int) -> None:
    if interval <= 0 or timeout <= 0:
        raise ValueError("interval and timeout must be more than 0")
