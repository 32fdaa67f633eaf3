"""``/api/v1/status/*``: what the server is and how it was started."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import trio
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.numbers import format_rfc3339
from vedette_server.storage import Statistics
from vedette_shared import __version__
from vedette_shared.clock import Clock
from vedette_shared.durations import format_duration

COMPATIBLE_VERSION = "3.0.0"
"""The Prometheus whose API this is: clients tell by the version what they may ask."""

NO_MEMORY_LIMIT = 2**63 - 1


@dataclass(slots=True)
class ConfigurationStatus:
    """How the configuration was last read.

    Attributes:
        text: The main file as it was read; empty without one.
        read_ms: When it was last read with success.
        reloaded: Whether the last attempt succeeded.
    """

    text: str
    read_ms: int
    reloaded: bool = True


@dataclass(frozen=True, slots=True)
class StatusEndpoints:
    """Shows the server's own state.

    Attributes:
        flags: The command line's options and the limits in force, by name.
    """

    clock: Clock
    configuration: ConfigurationStatus
    flags: dict[str, str]
    retention_ms: int
    storage: Callable[[], Statistics]
    started_ms: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_ms", self.clock.now_ms())

    async def build_info(self, request: Request) -> Response:  # noqa: ARG002
        """The version, as Grafana asks for it; no ``features``, which it would take for another product's."""
        return success(
            {
                "version": COMPATIBLE_VERSION,
                "revision": f"vedette-{__version__}",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": f"python{platform.python_version()}",
            }
        )

    async def runtime_info(self, request: Request) -> Response:  # noqa: ARG002
        """The process; trio's tasks stand for goroutines, and what only Go has is empty."""
        return success(
            {
                "startTime": format_rfc3339(self.started_ms),
                "CWD": str(Path.cwd()),
                "hostname": socket.gethostname(),
                "serverTime": format_rfc3339(self.clock.now_ms()),
                "reloadConfigSuccess": self.configuration.reloaded,
                "lastConfigTime": format_rfc3339(self.configuration.read_ms),
                "corruptionCount": self.storage().damaged,
                "goroutineCount": trio.lowlevel.current_statistics().tasks_living,
                "GOMAXPROCS": len(os.sched_getaffinity(0)),
                "GOMEMLIMIT": NO_MEMORY_LIMIT,
                "GOGC": "",
                "GODEBUG": "",
                "storageRetention": format_duration(self.retention_ms),
            }
        )

    async def config(self, request: Request) -> Response:  # noqa: ARG002
        """The configuration file. Passwords stand in files of their own, not here."""
        return success({"yaml": self.configuration.text})

    async def show_flags(self, request: Request) -> Response:  # noqa: ARG002
        """The options in force."""
        return success(self.flags)

    async def wal_replay(self, request: Request) -> Response:  # noqa: ARG002
        """The log is replayed before this API listens."""
        return success({"min": 0, "max": 0, "current": 0})
