"""The pages of the agent."""

import gzip

import pytest

from vedette_agent.expose.page import Pages
from vedette_shared.http import Request
from vedette_shared.metrics import MetricFamily, gauge

PAGE = b"# HELP load Load.\n# TYPE load gauge\nload 0.5\n"
OPENMETRICS = b"# HELP load Load.\n# TYPE load gauge\nload 0.5\n# EOF\n"


async def collect() -> list[MetricFamily]:
    return [gauge("load", "Load.", 0.5)]


async def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, str, bytes, dict[str, str]]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    response = await Pages(collect).answer(Request(method, path, headers=pairs))
    return response.status, response.content_type, response.body, dict(response.headers)


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", PAGE),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", PAGE),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            OPENMETRICS,
        ),
    ],
)
async def test_metrics(accept: str, content_type: str, body: bytes) -> None:
    status, kind, got, _ = await ask("/metrics", accept=accept)
    assert (status, kind, got) == (200, content_type, body)


async def test_compressed_where_accepted() -> None:
    _, _, body, headers = await ask("/metrics", accept_encoding="gzip, deflate")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == PAGE
    _, _, body, headers = await ask("/metrics", accept_encoding="gzip;q=0")
    assert "Content-Encoding" not in headers
    assert body == PAGE


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 200),
        ("/healthz", "GET", 200),
        ("/healthz", "HEAD", 200),
        ("/x", "GET", 404),
        ("/metrics", "POST", 405),
    ],
)
async def test_other_pages(path: str, method: str, status: int) -> None:
    assert (await ask(path, method))[0] == status
