"""``vedette server``."""

from __future__ import annotations

import argparse
from pathlib import Path

import trio

from vedette_server.main.compiling import compile_and_end
from vedette_server.main.config import DEFAULT_FILE, load_configuration
from vedette_server.main.serve import Server
from vedette_shared.command import CommandParser
from vedette_shared.logs import configure_logs


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette server``."""
    parser = CommandParser(prog, description="Store samples, answer PromQL, check hosts and notify people.")
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"the configuration ({DEFAULT_FILE} if it exists)")
    parser.add_argument("--check-config", action="store_true", help="say whether the configuration is sound, and end")
    parser.add_argument(
        "--compile", action="store_true", help="compile what queries need, so that the first start need not, and end"
    )
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), metavar="LEVEL")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Run the server until SIGTERM or SIGINT, or do just what the arguments ask for.

    Raises:
        ConfigError: the configuration is not sound.
        ListenError: a port is taken.
        StorageError, StateError: the data folder cannot be used.
    """
    if arguments.compile:
        compile_and_end()
        return 0
    file = arguments.config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    configuration = load_configuration(file)
    if arguments.check_config:
        print(f"{file or 'the embedded default'}: the configuration is sound")  # noqa: T201
        return 0
    configure_logs(arguments.log_level or configuration.server.log_level)
    trio.run(Server(configuration, file).run, strict_exception_groups=True)
    return 0
