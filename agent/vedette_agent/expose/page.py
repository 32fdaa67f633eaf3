"""The agent's pages: ``/metrics``, ``/healthz`` and ``/``."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

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

Collect: TypeAlias = Callable[[], Awaitable[Sequence[MetricFamily]]]

GZIP_LEVEL = 1

_WRITERS = {TEXT_CONTENT_TYPE: write_text, OPENMETRICS_CONTENT_TYPE: write_openmetrics}

_INDEX = b"""<!doctype html>
<title>Vedette agent</title>
<h1>Vedette agent</h1>
<p><a href="/metrics">metrics</a>, <a href="/healthz">health</a></p>
"""


class Pages:
    """Answers requests. ``collect`` returns all that the agent has to show."""

    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    async def answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"only GET and HEAD are answered here\n", headers=(("Allow", "GET, HEAD"),))
        if request.path == "/metrics":
            return await self._metrics(request)
        if request.path == "/healthz":
            return Response(200, b"ok\n")
        if request.path == "/":
            return Response(200, _INDEX, "text/html; charset=utf-8")
        return Response(404, b"no such page; the metrics are at /metrics\n")

    async def _metrics(self, request: Request) -> Response:
        content_type = choose_content_type(request.header("accept"), list(_WRITERS))
        body = _WRITERS[content_type](await self._collect())
        headers: list[tuple[str, str]] = [("Vary", "Accept, Accept-Encoding")]
        if choose_encoding(request.header("accept-encoding"), ["gzip"]) == "gzip":
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        return Response(200, body, content_type, headers)
