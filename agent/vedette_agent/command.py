"""``vedette agent``: collect this host's metrics and push or expose them."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import msgspec
import trio

from vedette_agent.apps.discover_command import print_applications
from vedette_agent.config import AgentConfig, load_agent_config
from vedette_agent.config_parts import PushConfig
from vedette_agent.once_command import print_frames, print_page
from vedette_agent.service import serve_agent
from vedette_agent.setup import check
from vedette_agent.status_command import print_sources
from vedette_shared.addresses import Address
from vedette_shared.clock import SystemClock
from vedette_shared.command import CommandParser
from vedette_shared.config import Duration
from vedette_shared.errors import UsageError
from vedette_shared.logs import configure_logs

LOG_LEVELS = ("debug", "info", "warning", "error")
CHECK_CONFIG, SOURCES, DISCOVER = "check-config", "sources", "discover"


def build_parser(prog: str) -> CommandParser:
    parser = CommandParser(prog=prog, description="Collect this host's metrics; expose them and push them to a server.")
    _add_common(parser, default=None)
    add = parser.add_argument
    add("--once", action="store_true", help="print the page of metrics and end")
    add("--frames", action="store_true", help="with --once: print what a push would hold, and its size")
    inner = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=CommandParser)
    check = inner.add_parser(CHECK_CONFIG, help="read the configuration, say whether it is sound, and end")
    _add_common(check, default=argparse.SUPPRESS)
    sources = inner.add_parser(SOURCES, help="show how each source of the running agent is")
    _add_common(sources, default=argparse.SUPPRESS)
    sources.add_argument("--json", action="store_true", help="as JSON")
    discover = inner.add_parser(DISCOVER, help="show the applications of this host and how they are recognised")
    _add_common(discover, default=argparse.SUPPRESS)
    discover.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _add_common(parser: argparse.ArgumentParser, default: object) -> None:
    """Options that stand before or after an inner command; ``default`` keeps the inner one from hiding the outer."""

    def add(option: str, **more: object) -> None:
        parser.add_argument(option, default=default, **more)  # type: ignore[arg-type]  # argparse knows them

    add("--config", type=Path, metavar="FILE", help="configuration; without it /etc/vedette/agent.toml, or defaults")
    add("--host", metavar="NAME", help="the label host (default: the machine's name)")
    add("--push", metavar="URL", help="push to the server at URL, such as http://127.0.0.1:9471")
    add("--listen", metavar="ADDRESS", help="expose the metrics at ADDRESS (default 127.0.0.1:9472)")
    add("--data", type=Path, metavar="DIR", help="folder of the spool")
    add("--interval", metavar="DURATION", help="from one collection to the next (default 15s)")
    add("--log-level", choices=LOG_LEVELS, help="the least that is logged (default info)")


def run(arguments: argparse.Namespace) -> int:
    load = partial(configured, arguments)
    if arguments.frames and not arguments.once:
        raise UsageError("--frames goes with --once")
    if arguments.command == CHECK_CONFIG:
        check(load(), SystemClock())
        _write(b"the configuration is sound\n")
    elif arguments.command == SOURCES:
        _write(trio.run(print_sources, load().expose, arguments.json))
    elif arguments.command == DISCOVER:
        _write(trio.run(partial(print_applications, load(), as_json=arguments.json)))
    elif arguments.once:
        config = load()
        configure_logs(config.log_level)
        _write(trio.run(print_frames if arguments.frames else print_page, config))
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
        held = config.push or PushConfig(arguments.push)
        changes["push"] = msgspec.structs.replace(held, url=arguments.push)
    return changes


def _write(output: bytes) -> None:
    sys.stdout.buffer.write(output)
    sys.stdout.flush()
