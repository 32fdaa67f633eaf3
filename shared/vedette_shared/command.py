"""The ``vedette`` command: finds the subcommand and imports only what that one needs."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol, cast

from vedette_shared import __version__
from vedette_shared.durations import parse_duration
from vedette_shared.errors import DurationError, UsageError, VedetteError


@dataclass(frozen=True, slots=True)
class Subcommand:
    """Where a subcommand lives, and the extra of the package that brings its libraries."""

    module: str
    help: str
    extra: str


SUBCOMMANDS = {
    "agent": Subcommand("vedette_agent.command", "collect this host's metrics and push or expose them", "agent"),
    "server": Subcommand("vedette_server.main.command", "store samples, answer PromQL, check and notify", "server"),
    "top": Subcommand("vedette_tui.command", "show the fleet in the terminal", "tui"),
    "demo": Subcommand("vedette_server.demo.command", "try it: server, agent and terminal on this host", "all"),
    "query": Subcommand("vedette_tui.query_command", "answer one PromQL query from a server", "tui"),
    "events": Subcommand("vedette_tui.events_command", "show what happened: traps, SEL, hardware, reboots", "tui"),
    "storage": Subcommand(
        "vedette_server.main.storage_command.command", "inspect, verify, back up, restore, export and import", "server"
    ),
}
"""Every subcommand. Each module has ``build_parser(prog)`` and ``run(arguments)``."""

INTERRUPTED = 130


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and a ``UsageError``."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def duration_argument(text: str) -> int:
    """Read an argument that is a duration, for ``add_argument(type=…)``; returns milliseconds."""
    try:
        return parse_duration(text)
    except DurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class CommandModule(Protocol):
    """What a subcommand's module offers."""

    def build_parser(self, prog: str) -> CommandParser:
        """Return the parser of the subcommand's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work and return the exit code; errors for people are VedetteErrors."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 bad input or a failure, 2 bad usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(arguments)
    except VedetteError as error:
        print(f"vedette: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`vedette query … | head`): stop quietly, and keep the interpreter from flushing again.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def load_subcommand(name: str) -> CommandModule:
    """Import a subcommand.

    Raises:
        UsageError: the libraries that it needs are not installed.
    """
    subcommand = SUBCOMMANDS[name]
    try:
        return cast("CommandModule", importlib.import_module(subcommand.module))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("vedette_"):
            raise
        raise UsageError(f"{name} needs the library {error.name}: install vedette[{subcommand.extra}]") from error


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview())  # noqa: T201
        return 0 if arguments else UsageError.exit_code
    if arguments[0] in ("-V", "--version", "version"):
        print(f"vedette {__version__}")  # noqa: T201
        return 0
    name, *rest = arguments
    if name not in SUBCOMMANDS:
        raise UsageError(f"there is no command {name!r}; the commands are {', '.join(SUBCOMMANDS)}")
    module = load_subcommand(name)
    return module.run(module.build_parser(f"vedette {name}").parse_args(rest))


def _overview() -> str:
    lines = ["usage: vedette COMMAND ...", "", "Monitoring for fleets of bare-metal servers.", "", "commands:"]
    lines += [f"  {name:<10}{subcommand.help}" for name, subcommand in SUBCOMMANDS.items()]
    lines += ["", "vedette COMMAND --help tells more of one command; vedette --version tells the version."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
