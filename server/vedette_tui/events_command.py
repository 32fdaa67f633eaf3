"""``vedette events``: what happened in the fleet, as an aligned table or as JSON, and on demand as it happens."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from vedette_shared.clock import Clock, SystemClock
from vedette_shared.command import CommandParser, duration_argument
from vedette_shared.errors import ServerUnreachableError
from vedette_tui.answer.ask import DEFAULT_SERVER, ask_fleet
from vedette_tui.answer.events import EventTable
from vedette_tui.errors import ForeignAnswerError
from vedette_tui.events import MOST, Event

USUAL_LIMIT = 100
POLL_S = 2.0

Stored = dict[str, Any]
"""An event with all that the server tells of it."""


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette events``."""
    parser = CommandParser(prog, description="Show what happened in the fleet, the newest last.")
    parser.add_argument("--host", metavar="HOST", help="only events about this host")
    parser.add_argument("--source", metavar="SOURCE", help="only events of this source: ipmi, snmp, disks, raid, node")
    parser.add_argument("--severity", choices=("info", "warning", "critical"), help="only events that matter so much")
    parser.add_argument("--since", metavar="TIME", type=duration_argument, help="only from so long ago, such as 1h")
    parser.add_argument(
        "--limit", metavar="N", type=_count, default=USUAL_LIMIT, help=f"the newest N at the most ({USUAL_LIMIT})"
    )
    parser.add_argument("--follow", action="store_true", help="go on with events as they arrive, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON")
    parser.add_argument("--server", metavar="URL", default=DEFAULT_SERVER, help=f"the server ({DEFAULT_SERVER})")
    return parser


def run(arguments: argparse.Namespace, clock: Clock | None = None, pause: Callable[[float], None] = time.sleep) -> int:
    """Ask, print, and return 0.

    Raises:
        UsageError: the URL is not one.
        ServerUnreachableError: nothing answers there.
        QueryError: the server refused the question.
        ForeignAnswerError: the answer is not that of a Vedette server.
    """
    parameters = _parameters(arguments, clock or SystemClock())
    events, last = _newest(arguments.server, parameters, arguments.limit)
    table = EventTable(coloured=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    _print(events, table, as_json=arguments.json)
    if not events and not arguments.follow and not arguments.json:
        print("no event matches")  # noqa: T201
    away = False
    while arguments.follow:
        pause(POLL_S)
        try:
            events, last = _newest(arguments.server, {**parameters, "arrived_after": str(last)}, sys.maxsize)
        except ServerUnreachableError as error:
            if not away:
                print(f"{error}; trying again", file=sys.stderr)  # noqa: T201
            away = True
            continue
        away = False
        _print(events, table, as_json=arguments.json)
    return 0


def _parameters(arguments: argparse.Namespace, clock: Clock) -> dict[str, str]:
    chosen = {name: getattr(arguments, name) for name in ("host", "source", "severity")}
    parameters = {name: value for name, value in chosen.items() if value}
    if arguments.since is not None:
        parameters["since"] = f"{(clock.now_ms() - arguments.since) / 1000:.3f}"
    return parameters


def _newest(server: str, parameters: Mapping[str, str], most: int) -> tuple[list[Stored], int]:
    """Return (the newest events, oldest first; the id of the last arrival as of the first page)."""
    events: list[Stored] = []
    last: int | None = None
    after = ""
    while after is not None and len(events) < most:
        limit = str(min(MOST, most - len(events)))
        data = ask_fleet(server, "events", {**parameters, "limit": limit, **({"after": after} if after else {})})
        try:
            events += data["events"]
            last, after = data["last"] if last is None else last, data["next"]
        except (KeyError, TypeError) as error:
            raise ForeignAnswerError(f"what answers at {server} is not a Vedette server that knows events") from error
    return events[::-1], last or 0


def _print(events: Sequence[Stored], table: EventTable, *, as_json: bool) -> None:
    lines: Iterable[str]
    if as_json:
        lines = (msgspec.json.encode(event).decode() for event in events)
    else:
        lines = table.lines(msgspec.convert(events, list[Event]))
    for line in lines:
        print(line)  # noqa: T201
    sys.stdout.flush()


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
