"""``vedette query``: one PromQL query, answered as an aligned table, as a plot or as JSON."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from vedette_shared.clock import Clock, SystemClock
from vedette_shared.command import CommandParser, duration_argument
from vedette_shared.errors import UsageError
from vedette_tui.answer.ask import DEFAULT_SERVER, ask
from vedette_tui.answer.table import render, render_range
from vedette_tui.graph.canvas import DOTS_ACROSS
from vedette_tui.graph.scale import query_step

WIDTH = 80
"""Of what is printed where stdout is no terminal."""

PLOT_RANGE_MS = 3_600_000
TABLE_ROWS, JSON_POINTS = 30, 250


@dataclass(frozen=True, slots=True)
class Span:
    """The steps of a range query, seconds."""

    start: int
    end: int
    step: float


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette query``."""
    parser = CommandParser(prog, description="Answer one PromQL query from a server.")
    parser.add_argument("expr", metavar="EXPR", help="the query, such as 'rate(node_network_receive_bytes_total[5m])'")
    parser.add_argument("--server", metavar="URL", default=DEFAULT_SERVER, help=f"the server ({DEFAULT_SERVER})")
    parser.add_argument(
        "--range", metavar="TIME", type=duration_argument, help="from so long ago up to now, such as 1h, instead of now"
    )
    parser.add_argument(
        "--step", metavar="TIME", type=duration_argument, help="the time from value to value (what fits)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the answer's data as JSON")
    form.add_argument(
        "--plot", action="store_true", help="draw up to four series, of the last hour unless --range says"
    )
    return parser


def run(arguments: argparse.Namespace, clock: Clock | None = None) -> int:
    """Ask, print, and return 0.

    Raises:
        UsageError: the URL is not one, or the options do not go together.
        ServerUnreachableError: nothing answers there.
        QueryError: the server refused the query.
    """
    width = shutil.get_terminal_size((WIDTH, 0)).columns if sys.stdout.isatty() else WIDTH
    span = span_of(arguments, width, clock or SystemClock())
    parameters = {"query": arguments.expr}
    if span is None:
        data, notes = ask(arguments.server, "query", parameters)
    else:
        parameters |= {"start": str(span.start), "end": str(span.end), "step": f"{span.step:g}"}
        data, notes = ask(arguments.server, "query_range", parameters)
    for note in notes:
        print(note, file=sys.stderr)  # noqa: T201
    for line in _lines(arguments, data, span, width):
        print(line)  # noqa: T201
    return 0


def span_of(arguments: argparse.Namespace, width: int, clock: Clock) -> Span | None:
    """Return the steps that the options ask for; ``None`` is one answer of now.

    Raises:
        UsageError: they ask for none.
    """
    range_ms = arguments.range if arguments.range is not None or not arguments.plot else PLOT_RANGE_MS
    if range_ms is None:
        if arguments.step is not None:
            raise UsageError("--step needs --range or --plot: say how far back to go, such as --range 1h")
        return None
    if range_ms < 1000:
        raise UsageError("--range must be 1s or more")
    if arguments.step == 0:
        raise UsageError("--step must be more than 0")
    points = width * DOTS_ACROSS if arguments.plot else JSON_POINTS if arguments.json else TABLE_ROWS
    step = arguments.step / 1000 if arguments.step else query_step(range_ms // 1000, points)
    end = clock.now_ms() // 1000
    return Span(end - range_ms // 1000, end, step)


def _lines(arguments: argparse.Namespace, data: dict[str, Any], span: Span | None, width: int) -> Iterable[str]:
    if arguments.json:
        return [msgspec.json.encode(data).decode()]
    if span is None:
        return render(data)
    if not arguments.plot:
        return render_range(data, width)
    from vedette_tui.answer.plot import left_out, render_plot

    for line in left_out(data):
        print(line, file=sys.stderr)  # noqa: T201
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return render_plot(data, span.start, span.end, span.step, width, coloured=coloured)
