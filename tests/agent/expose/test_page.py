"""The pages of the agent."""

import gzip

import msgspec
import pytest
import zstandard

from vedette_agent.expose.page import Pages, SourceStatus
from vedette_shared.http import Request
from vedette_shared.metrics import MetricFamily, gauge

PAGE = b"# HELP load Load.\n# TYPE load gauge\nload 0.5\n"
OPENMETRICS = b"# HELP load Load.\n# TYPE load gauge\nload 0.5\n# EOF\n"


FAMILIES = [gauge("load", "Load.", 0.5)]
STATUS = SourceStatus("node", "node", 15.0, 1.5, 0.01, 1, "", 0, {"series": 0}, {})


class FakeBoard:
    async def families(self) -> list[MetricFamily]:
        return FAMILIES

    async def parts(self) -> dict[str, list[MetricFamily]]:
        return {"loadavg": FAMILIES, "other": [gauge("other", "", 1.0)]}

    async def frames(self) -> bytes:
        return b"frames"

    def sources(self) -> list[SourceStatus]:
        return [STATUS]


async def ask(
    path: str, method: str = "GET", query: str = "", **headers: str
) -> tuple[int, str, bytes, dict[str, str]]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    response = await Pages(FakeBoard()).answer(Request(method, path, query, headers=pairs))
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
        ("application/vnd.vedette.frames", "application/vnd.vedette.frames; version=1", b"frames"),
    ],
)
async def test_metrics(accept: str, content_type: str, body: bytes) -> None:
    status, kind, got, _ = await ask("/metrics", accept=accept)
    assert (status, kind, got) == (200, content_type, body)


async def test_compressed_where_accepted() -> None:
    _, _, body, headers = await ask("/metrics", accept_encoding="gzip, deflate")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == PAGE
    _, _, body, headers = await ask("/metrics", accept_encoding="gzip, zstd")
    assert headers["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(body) == PAGE
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


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ("collect[]=loadavg", 200, PAGE),
        ("collect%5B%5D=loadavg", 200, PAGE),
        ("exclude[]=other", 200, PAGE),
        ("collect[]=other&collect[]=loadavg", 200, b"# TYPE other gauge\nother 1\n" + PAGE),
        ("collect[]=x", 400, b"there is no collector 'x'; there are loadavg, other\n"),
        ("collect[]=other&exclude[]=loadavg", 400, b"collect[] and exclude[] cannot be given together\n"),
    ],
)
async def test_collectors_can_be_chosen(query: str, status: int, body: bytes) -> None:
    got = await ask("/metrics", query=query)
    assert (got[0], got[2]) == (status, body)


async def test_sources() -> None:
    status, kind, body, _ = await ask("/sources")
    assert (status, kind) == (200, "application/json")
    assert msgspec.json.decode(body, type=list[SourceStatus]) == [STATUS]
