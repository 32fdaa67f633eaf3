"""What an agent holds for itself alone, a port and the spool, and hands on when its configuration changes."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from vedette_agent.config import AgentConfig
from vedette_agent.spool import Spool, SpoolLimits
from vedette_shared.clock import Clock
from vedette_shared.listening import listen_on

SPOOL = "spool"


@dataclass(frozen=True, slots=True, eq=False)
class Resources:
    """The listening socket and the spool, where the configuration wants them."""

    listener: socket.socket | None = None
    spool: Spool | None = None

    def close(self) -> None:
        if self.listener is not None:
            self.listener.close()
        if self.spool is not None:
            self.spool.close()


NOTHING = Resources()


def acquire(
    config: AgentConfig, clock: Clock, held: Resources = NOTHING, before: AgentConfig | None = None
) -> Resources:
    """Return what ``config`` needs: out of ``held``, which the configuration ``before`` got, or new.

    Raises:
        ListenError, SpoolError: an address or a folder cannot be used; ``held`` is as it was.
    """
    listener: socket.socket | None = None
    spool: Spool | None = None
    if config.expose.enabled:
        keep = before is not None and before.expose.listen == config.expose.listen
        listener = (held.listener if keep else None) or listen_on(config.expose.listen)
    try:
        if config.push is not None:
            keep = before is not None and _spool_of(before) == _spool_of(config)
            spool = (held.spool if keep else None) or _open_spool(config, clock)
    except BaseException:
        release(Resources(listener), held)
        raise
    return Resources(listener, spool)


def release(held: Resources, kept: Resources) -> None:
    """Close what is in ``held`` and not in ``kept``."""
    Resources(
        held.listener if held.listener is not kept.listener else None,
        held.spool if held.spool is not kept.spool else None,
    ).close()


def _spool_of(config: AgentConfig) -> object:
    return (config.data, config.push.spool if config.push is not None else None)


def _open_spool(config: AgentConfig, clock: Clock) -> Spool:
    assert config.push is not None
    bounds = config.push.spool
    limits = SpoolLimits(bytes=bounds.max_size, age_ms=bounds.max_age)
    return Spool.open(config.data / SPOOL, [server.url for server in config.push.all_servers], limits, clock)
