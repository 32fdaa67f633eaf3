"""Vedette's server as a process that is measured."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import vedette_server.checks
from tests.bench.peers import Process, free_port


def without_checks() -> str:
    """Configuration for a server that evaluates no checks, as the peers evaluate no rules."""
    defaults = Path(vedette_server.checks.__file__).with_name("defaults.toml")
    names = [check["name"] for check in tomllib.loads(defaults.read_text())["check"]]
    checks = "".join(f'[[check]]\nname = "{name}"\nenabled = false\n' for name in names)
    return f'{checks}[hosts]\ninterval = "1h"\nsilence = "2h"\n'


class Vedette:
    """A server in a folder of its own. ``more`` is added to its configuration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.api, self.ingest = free_port(), free_port()
        self.data = folder / "data"
        self._config = folder / "server.toml"
        self._config.write_text(
            f'data = "{self.data}"\n'
            f'[api]\nlisten = "127.0.0.1:{self.api}"\n[ingest]\nlisten = "127.0.0.1:{self.ingest}"\n{more}'
        )

    @property
    def url(self) -> str:
        """Where its API answers."""
        return f"http://127.0.0.1:{self.api}"

    def start(self) -> Process:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "vedette_shared.command", "server", "--config", str(self._config)]
        process = Process(command, self.folder / "log")
        process.wait_for(f"{self.url}/-/ready")
        return process
