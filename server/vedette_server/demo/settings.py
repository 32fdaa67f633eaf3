"""Where the demo listens and what it writes into its configuration files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vedette_shared.addresses import Address
from vedette_shared.listening import bound_address, is_free, listen_on

LOOPBACK = "127.0.0.1"
API_PORT, INGEST_PORT, AGENT_PORT = 9470, 9471, 9472

_SERVER = """\
data = "{data}/server"

[api]
listen = "{api}"

[ingest]
listen = "{ingest}"
"""

_AGENT = """\
data = "{data}/agent"
interval = "2s"

[expose]
listen = "{agent}"

[push]
url = "http://{ingest}"
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """The demo's folder and addresses."""

    data: Path
    api: Address
    ingest: Address
    agent: Address

    @property
    def url(self) -> str:
        """The server's API."""
        return f"http://{self.api}"

    def write(self) -> tuple[Path, Path]:
        """Write the configuration files and return (the server's, the agent's)."""
        self.data.mkdir(parents=True, exist_ok=True)
        paths = (self.data / "server.toml", self.data / "agent.toml")
        for path, template in zip(paths, (_SERVER, _AGENT), strict=True):
            text = template.format(data=self.data, api=self.api, ingest=self.ingest, agent=self.agent)
            path.write_text(text, encoding="utf-8")
        return paths


def choose_settings(data: Path) -> Settings:
    """Return settings for a demo in ``data``, on the usual ports where they are free."""
    return Settings(data.resolve(), *(choose_address(port) for port in (API_PORT, INGEST_PORT, AGENT_PORT)))


def choose_address(port: int) -> Address:
    """Return the loopback address with ``port``, or with a free one where it is taken."""
    usual = Address(LOOPBACK, port)
    if is_free(usual):
        return usual
    with listen_on(Address(LOOPBACK, 0)) as listener:
        return bound_address(listener)
