"""``vedette top``: the fleet in the terminal."""

from __future__ import annotations

import argparse
import sys

from vedette_shared.command import CommandParser, duration_argument
from vedette_shared.errors import UsageError
from vedette_tui.app import TopApp
from vedette_tui.client import parse_server_url
from vedette_tui.errors import NoTerminalError
from vedette_tui.themes import THEMES

DEFAULT_SERVER = "http://127.0.0.1:9470"
DEFAULT_INTERVAL = "2s"
MIN_INTERVAL_MS = 100


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette top``."""
    parser = CommandParser(prog, description="Show the fleet in the terminal.")
    parser.add_argument("--server", metavar="URL", default=DEFAULT_SERVER, help=f"the server ({DEFAULT_SERVER})")
    parser.add_argument(
        "--interval",
        dest="interval_ms",
        type=duration_argument,
        metavar="TIME",
        default=DEFAULT_INTERVAL,
        help=f"how long to wait from one answer to the next question ({DEFAULT_INTERVAL})",
    )
    parser.add_argument("--theme", choices=tuple(THEMES), default="dark", help="the colours to begin with (dark)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Show the screen until the person leaves it; return the exit code.

    Raises:
        UsageError: the URL is not one, or the interval is too short.
        NoTerminalError: there is no terminal to show it on.
    """
    url = parse_server_url(arguments.server)
    if arguments.interval_ms < MIN_INTERVAL_MS:
        raise UsageError(f"--interval must be {MIN_INTERVAL_MS}ms or more")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminalError("top needs a terminal to draw on; for text, use vedette query")
    app = TopApp(url, arguments.interval_ms / 1000, theme=arguments.theme)
    app.run()
    return app.return_code or 0
