"""``vedette agent``: collect this host's metrics and push or expose them."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import msgspec
import trio

from vedette_agent.agent import Agent
from vedette_agent.config import AgentConfig, ExposeConfig, PushConfig, load_agent_config
from vedette_agent.resources import Resources
from vedette_agent.service import serve_agent
from vedette_shared.addresses import Address
from vedette_shared.clock import SystemClock
from vedette_shared.command import CommandParser
from vedette_shared.config import Duration
from vedette_shared.errors import UsageError
from vedette_shared.exposition import write_text
from vedette_shared.logs import configure_logs

LOG_LEVELS = ("debug", "info", "warning", "error")


def build_parser(prog: str) -> CommandParser:
    parser = CommandParser(prog=prog, description="Collect this host's metrics; expose them and push them to a server.")
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="configuration; without it /etc/vedette/agent.toml, or defaults")
    add("--host", metavar="NAME", help="the label host (default: the machine's name)")
    add("--push", metavar="URL", help="push to the server at URL, such as http://127.0.0.1:9471")
    add("--listen", metavar="ADDRESS", help="expose the metrics at ADDRESS (default 127.0.0.1:9472)")
    add("--data", type=Path, metavar="DIR", help="folder of the spool")
    add("--interval", metavar="DURATION", help="from one collection to the next (default 15s)")
    add("--log-level", choices=LOG_LEVELS, help="the least that is logged (default info)")
    add("--once", action="store_true", help="print the page of metrics and end")
    return parser


def run(arguments: argparse.Namespace) -> int:
    load = partial(configured, arguments)
    if arguments.once:
        config = load()
        configure_logs(config.log_level)
        sys.stdout.buffer.write(trio.run(_page, config))
        sys.stdout.flush()
    else:
        trio.run(serve_agent, load)
    return 0


def configured(arguments: argparse.Namespace) -> AgentConfig:
    """Return the configuration of the file, with the options of the command line laid over it.

    Raises:
        ConfigError: the file cannot be taken.
        UsageError: an option cannot.
    """
    config = load_agent_config(arguments.config)
    try:
        return msgspec.structs.replace(config, **_overrides(arguments, config))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _overrides(arguments: argparse.Namespace, config: AgentConfig) -> dict[str, object]:
    changes: dict[str, object] = {
        key: value
        for key, value in (("host", arguments.host), ("data", arguments.data), ("log_level", arguments.log_level))
        if value is not None
    }
    if arguments.interval is not None:
        changes["interval"] = Duration.from_toml(arguments.interval)
    if arguments.listen is not None:
        listen = Address.from_toml(arguments.listen)
        changes["expose"] = msgspec.structs.replace(config.expose, enabled=True, listen=listen)
    if arguments.push is not None:
        held = config.push
        changes["push"] = (
            PushConfig(arguments.push) if held is None else msgspec.structs.replace(held, url=arguments.push)
        )
    return changes


async def _page(config: AgentConfig) -> bytes:
    config = msgspec.structs.replace(config, push=None, expose=ExposeConfig(enabled=False))
    return write_text(await Agent(config, SystemClock(), Resources()).collect())
