"""``vedette query``: one PromQL query, answered as an aligned table or as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from vedette_shared.command import CommandParser
from vedette_shared.errors import ServerUnreachableError, UsageError, VedetteError
from vedette_shared.labels import format_series, make_labels

DEFAULT_SERVER = "http://127.0.0.1:9470"
TIMEOUT_S = 130.0


class QueryError(VedetteError):
    """The server refused the query or failed at it; the text is the server's."""


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette query``."""
    parser = CommandParser(prog, description="Answer one PromQL query from a server.")
    parser.add_argument("expr", metavar="EXPR", help="the query, such as 'rate(node_network_receive_bytes_total[5m])'")
    parser.add_argument("--server", metavar="URL", default=DEFAULT_SERVER, help=f"the server ({DEFAULT_SERVER})")
    parser.add_argument("--json", action="store_true", help="print the answer's data as JSON")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Ask, print, and return 0.

    Raises:
        UsageError: the URL is not one.
        ServerUnreachableError: nothing answers there.
        QueryError: the server refused the query.
    """
    data, notes = ask(arguments.server, arguments.expr)
    for note in notes:
        print(note, file=sys.stderr)  # noqa: T201
    lines = [msgspec.json.encode(data).decode()] if arguments.json else render(data)
    for line in lines:
        print(line)  # noqa: T201
    return 0


def ask(server: str, expr: str) -> tuple[dict[str, Any], list[str]]:
    """Return (the data of the answer to an instant query now, its warnings and infos)."""
    try:
        answer = httpx.post(f"{server.rstrip('/')}/api/v1/query", data={"query": expr}, timeout=TIMEOUT_S)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UsageError(f"{server!r} is not the URL of a server; write it like {DEFAULT_SERVER}") from error
    except httpx.HTTPError as error:
        raise ServerUnreachableError(
            f"no server answers at {server}: {error}; name another one with --server"
        ) from error
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise QueryError(f"what answers at {server} is not a Vedette server (status {answer.status_code})") from error
    if body.get("status") != "success":
        raise QueryError(str(body.get("error", f"status {answer.status_code} without a reason")))
    return body["data"], [*body.get("warnings", ()), *body.get("infos", ())]


def render(data: dict[str, Any]) -> list[str]:
    """Return the lines that show ``data``, the data of an answer, to a person."""
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        return [str(result[1])]
    rows: list[tuple[str, ...]]
    if kind == "vector":
        rows = [("SERIES", "VALUE"), *((_series(entry), entry["value"][1]) for entry in result)]
    else:
        rows = [("SERIES", "TIME", "VALUE"), *_matrix_rows(result)]
    return align(rows) if result else ["no series matches"]


def align(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return ``rows`` as lines whose columns stand below one another; the last column is set to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for *front, last in rows:
        cells = [cell.ljust(width) for cell, width in zip(front, widths, strict=False)]
        lines.append("  ".join([*cells, last.rjust(widths[-1])]))
    return lines


def _series(entry: dict[str, Any]) -> str:
    return format_series(make_labels(entry["metric"]))


def _matrix_rows(result: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str, str]]:
    for entry in result:
        name = _series(entry)
        for at, value in entry["values"]:
            moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
            yield name, moment.replace("+00:00", "Z"), value
            name = ""
