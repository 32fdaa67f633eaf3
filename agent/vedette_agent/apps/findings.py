"""What a listening socket turned out to be."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.known import Application
from vedette_agent.apps.sockets import Listener, UnixListener


@dataclass(frozen=True, slots=True)
class Finding:
    """A socket, and what is known of it.

    Attributes:
        listener: The socket.
        process: Whose it is; empty where this process may not see that.
        application: What answers there, if that is known.
        targets: The configuration that pins it, if it is known.
        evidence: What on the page shows it.
        problem: Why it is not scraped, if it is not.
        remedy: What in a configuration would change that, as TOML, if that can be said.
    """

    listener: Listener | UnixListener
    process: str
    application: Application | None = None
    targets: tuple[TargetConfig, ...] = ()
    evidence: str = ""
    problem: str = ""
    remedy: str = ""
