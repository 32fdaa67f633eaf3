"""The agent's pages: ``/metrics``, ``/sources``, ``/healthz`` and ``/``."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

import msgspec
import zstandard

from vedette_shared.exposition import (
    OPENMETRICS_CONTENT_TYPE,
    TEXT_CONTENT_TYPE,
    choose_content_type,
    choose_encoding,
    write_openmetrics,
    write_text,
)
from vedette_shared.http import Request, Response
from vedette_shared.metrics import MetricFamily

FRAMES_CONTENT_TYPE = "application/vnd.vedette.frames; version=1"
CONTENT_TYPES = (TEXT_CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE, FRAMES_CONTENT_TYPE)
ENCODINGS = ("zstd", "gzip")

GZIP_LEVEL = 1
ZSTD_LEVEL = 3

_INDEX = b"""<!doctype html>
<title>Vedette agent</title>
<h1>Vedette agent</h1>
<p><a href="/metrics">metrics</a>, <a href="/sources">sources</a>, <a href="/healthz">health</a></p>
"""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source is. Times are in seconds; ``age`` is ``None`` before the first collection.

    ``limited`` counts by the limit that was hit; ``problems`` are those of the source's parts.
    """

    name: str
    job: str
    interval: float
    age: float | None
    duration: float
    series: int
    error: str
    failures: int
    limited: Mapping[str, int]
    problems: Mapping[str, str]


class Board(Protocol):
    """What the pages show."""

    async def families(self) -> Sequence[MetricFamily]:
        """All families there are."""
        ...

    async def parts(self) -> Mapping[str, Sequence[MetricFamily]]:
        """The same by collector."""
        ...

    async def frames(self) -> bytes:
        """The same as a message of frames."""
        ...

    def sources(self) -> Sequence[SourceStatus]:
        """How the sources are."""
        ...


class Pages:
    """Answers requests out of ``board``."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"only GET and HEAD are answered here\n", headers=(("Allow", "GET, HEAD"),))
        if request.path == "/metrics":
            return await self._metrics(request)
        if request.path == "/sources":
            return Response(200, msgspec.json.encode(self._board.sources()), "application/json")
        if request.path == "/healthz":
            return Response(200, b"ok\n")
        if request.path == "/":
            return Response(200, _INDEX, "text/html; charset=utf-8")
        return Response(404, b"no such page; the metrics are at /metrics\n")

    async def _metrics(self, request: Request) -> Response:
        content_type = choose_content_type(request.header("accept"), CONTENT_TYPES)
        try:
            chosen = await self._chosen(request.query)
        except ValueError as error:
            return Response(400, f"{error}\n".encode())
        if content_type == FRAMES_CONTENT_TYPE:
            if chosen is not None:
                return Response(400, b"collect[] and exclude[] do not go with frames\n")
            body = await self._board.frames()
        else:
            families = await self._board.families() if chosen is None else chosen
            body = write_text(families) if content_type == TEXT_CONTENT_TYPE else write_openmetrics(families)
        return _encoded(body, content_type, request.header("accept-encoding"))

    async def _chosen(self, query: str) -> Sequence[MetricFamily] | None:
        """The families that ``collect[]`` and ``exclude[]`` of the query leave; ``None`` without them."""
        asked = parse_qs(query)
        collect, exclude = asked.get("collect[]", []), asked.get("exclude[]", [])
        if not collect and not exclude:
            return None
        if collect and exclude:
            raise ValueError("collect[] and exclude[] cannot be given together")
        parts = await self._board.parts()
        for name in (*collect, *exclude):
            if name not in parts:
                raise ValueError(f"there is no collector {name!r}; there are {', '.join(sorted(parts))}")
        names = collect or [name for name in parts if name not in exclude]
        return [family for name in names for family in parts[name]]


def _encoded(body: bytes, content_type: str, accept_encoding: str) -> Response:
    headers = [("Vary", "Accept, Accept-Encoding")]
    encoding = choose_encoding(accept_encoding, ENCODINGS)
    if encoding == "gzip":
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
    elif encoding == "zstd":
        body = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)
    if encoding in ENCODINGS:
        headers.append(("Content-Encoding", encoding))
    return Response(200, body, content_type, headers)
