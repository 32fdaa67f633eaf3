"""From the table ``[push]`` to what pushes."""

from __future__ import annotations

import ssl
from pathlib import Path

from vedette_agent.config_parts import PushConfig, ServerConfig
from vedette_agent.push import Pusher, PushLimits
from vedette_agent.push.shell import Delivery, PushShell
from vedette_agent.spool import Spool
from vedette_shared.clock import Clock
from vedette_shared.errors import ConfigError
from vedette_shared.http import Client


def shell_spec(server: ServerConfig, push: PushConfig, agent: str, spool: Spool) -> object:
    """Return what decides whether a running push is still the same; secrets are read anew."""
    return (
        server,
        _headers(server),
        push.timeout,
        push.catch_up_rate,
        push.backoff,
        push.max_backoff,
        agent,
        id(spool),
        _modified(server.ca_file),
    )


def make_shell(server: ServerConfig, push: PushConfig, agent: str, spool: Spool, clock: Clock) -> PushShell:
    """Return what pushes to ``server``, not yet running.

    Raises:
        ConfigError: a file of secrets or certificates cannot be read.
    """
    limits = PushLimits(
        catch_up_bytes_per_s=push.catch_up_rate,
        backoff_base=push.backoff.seconds,
        backoff_most=push.max_backoff.seconds,
    )
    pusher = Pusher(server.url, agent, spool, limits)
    delivery = Delivery(push.timeout.seconds, _headers(server))
    return PushShell(pusher, delivery, Client(server.url, _tls(server)), clock)


def check_server(server: ServerConfig) -> None:
    """Raise ConfigError unless the files that pushing to ``server`` needs can be read."""
    _headers(server)
    _tls(server)


def read_secret(file: Path) -> str:
    """Return the first line of ``file``.

    Raises:
        ConfigError: it cannot be read, or is empty.
    """
    try:
        secret = file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
    if not secret:
        raise ConfigError(f"{file}: the first line is empty; it should hold the secret")
    return secret


def _headers(server: ServerConfig) -> tuple[tuple[str, str], ...]:
    if server.token_file is None:
        return ()
    return (("Authorization", f"Bearer {read_secret(server.token_file)}"),)


def _tls(server: ServerConfig) -> ssl.SSLContext | None:
    if server.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(server.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{server.ca_file}: no certificates can be read from it: {error}") from error


def _modified(file: Path | None) -> int:
    try:
        return file.stat().st_mtime_ns if file is not None else 0
    except OSError:
        return 0
