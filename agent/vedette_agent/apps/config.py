"""``[apps]``: which applications are looked for, and those that are named. ``agent/APPS.md`` explains each key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from vedette_agent.apps.sockets import Place
from vedette_shared.config import Duration
from vedette_shared.exposition import DEFAULT_PROTOCOLS, ScrapeProtocol, check_protocols
from vedette_shared.labels import is_legacy_label_name

_DEFAULT_PORTS = {"http": 80, "https": 443, "tcp": 9000}

Kind = Literal["metrics", "apache-status", "nginx-status", "php-fpm-status"]


class TargetConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[apps.target]]``: one application, found or not.

    Attributes:
        url: Of its page; ``unix:/path.sock`` or ``tcp://host:port`` for PHP-FPM, which speaks FastCGI.
        kind: What the page is: metrics of any exporter, or a status page that is read as its exporter would.
        instance: The label; host and port without it.
        interval, timeout: The agent's own where they are 0.
        server_name: That the certificate must bear; the URL's host without it.
        tls_insecure: Whether any certificate will do.
        scrape_protocols: The formats of metrics to ask for, the first one above all.
        honor_timestamps: Whether samples keep times that the page states.
    """

    url: str
    job: str
    kind: Kind = "metrics"
    instance: str = ""
    interval: Duration = Duration(0)
    timeout: Duration = Duration(0)
    labels: dict[str, str] = {}
    user: str = ""
    password_file: Path | None = None
    bearer_token_file: Path | None = None
    ca_file: Path | None = None
    server_name: str = ""
    tls_insecure: bool = False
    scrape_protocols: tuple[ScrapeProtocol, ...] = DEFAULT_PROTOCOLS
    honor_timestamps: bool = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if self.kind == "php-fpm-status":
            if parts.scheme not in ("unix", "tcp"):
                raise ValueError(f'url = "{self.url}": PHP-FPM is reached at unix:/path.sock or tcp://host:port')
        elif parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'url = "{self.url}" is not the URL of a page: http://127.0.0.1:9104/metrics is one')
        if "@" in parts.netloc:
            raise ValueError("url must hold no password; use the keys user and password_file")
        if not self.job:
            raise ValueError("job must not be empty")
        if self.interval < 0 or self.timeout < 0:
            raise ValueError("interval and timeout must not be negative")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file go together")
        if self.bearer_token_file is not None and self.user:
            raise ValueError("bearer_token_file and user exclude each other")
        check_protocols(self.scrape_protocols)
        for name in self.labels:
            if name in ("job", "host", "instance") or not is_legacy_label_name(name) or name.startswith("__"):
                raise ValueError(f"labels.{name} cannot be set here; job and instance are keys of their own")

    @property
    def instance_name(self) -> str:
        """The label ``instance``."""
        parts = urlsplit(self.url)
        return self.instance or parts.netloc or parts.path

    @property
    def place(self) -> Place:
        """Where it listens."""
        parts = urlsplit(self.url)
        return parts.path if parts.scheme == "unix" else parts.port or _DEFAULT_PORTS[parts.scheme]

    @property
    def page(self) -> tuple[Place, str]:
        """Where it listens and what is read there, which for a status page is known whatever its path."""
        return self.place, urlsplit(self.url).path if self.kind == "metrics" else self.kind

    @property
    def name(self) -> str:
        """The name of its source."""
        return f"{self.job}:{self.instance_name}"


class KubeletConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[apps.kubelet]``: how the agent is let in at a kubelet that is found.

    Attributes:
        bearer_token_file: Holds the token of an account that may get ``nodes/metrics``.
        ca_file: The authorities, or the certificate, that the kubelet's is to be of.
        server_name: That its certificate must bear; the address without it.
        tls_insecure: Whether any certificate will do: then the token is shown to whoever listens there.
    """

    bearer_token_file: Path
    ca_file: Path | None = None
    server_name: str = ""
    tls_insecure: bool = False

    def __post_init__(self) -> None:
        if (self.ca_file is None) != self.tls_insecure:
            raise ValueError("either ca_file, which says whose certificates will do, or tls_insecure = true")


class AppsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[apps]``.

    Attributes:
        enabled: Whether applications are looked for; those that are named are scraped in any case.
        interval: From one look to the next.
        timeout: For the page of one that is new.
        ban: What is left alone, by job, by port or by the path of a socket.
        kubelet: How the agent is let in at a kubelet.
        target: The applications that are named.
    """

    enabled: bool = True
    interval: Duration = Duration(60_000)
    timeout: Duration = Duration(5_000)
    ban: tuple[str | int, ...] = ()
    kubelet: KubeletConfig | None = None
    target: tuple[TargetConfig, ...] = ()

    def __post_init__(self) -> None:
        if self.interval < 1000 or self.timeout <= 0:
            raise ValueError("interval must be at least 1s, and timeout more than 0")
        names = [target.name for target in self.target]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two targets are {name}; give one of them an instance of its own")
