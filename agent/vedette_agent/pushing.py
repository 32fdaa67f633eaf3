"""From the table ``[push]`` to what pushes."""

from __future__ import annotations

from pathlib import Path

from vedette_agent.config_parts import PushConfig, ServerConfig
from vedette_agent.credentials import bearer, trusting
from vedette_agent.push import Pusher, PushLimits
from vedette_agent.push.shell import Delivery, PushShell
from vedette_agent.spool import Spool
from vedette_shared.clock import Clock
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
    return PushShell(pusher, delivery, Client(server.url, trusting(server.ca_file)), clock)


def check_server(server: ServerConfig) -> None:
    """Raise ConfigError unless the files that pushing to ``server`` needs can be read."""
    _headers(server)
    trusting(server.ca_file)


def _headers(server: ServerConfig) -> tuple[tuple[str, str], ...]:
    if server.token_file is None:
        return ()
    return (("Authorization", bearer(server.token_file)),)


def _modified(file: Path | None) -> int:
    try:
        return file.stat().st_mtime_ns if file is not None else 0
    except OSError:
        return 0
