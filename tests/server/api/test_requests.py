"""What holds for every path: methods, forms, origins, compression."""

import gzip
import json

import httpx
import pytest
import zstandard

from tests.server.api.app import Rig
from tests.server.promql.memory import MemoryQuerier
from vedette_server.api import parameters
from vedette_shared.labels import make_labels

SERIES = 400
MANY = {"match[]": "many"}


def many_series() -> MemoryQuerier:
    querier = MemoryQuerier()
    for i in range(SERIES):
        querier.add(make_labels({"__name__": "many", "number": str(i)}), [(100_000, float(i))])
    return querier


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    """Grafana tries POST first and takes GET where that is refused with 405."""
    async with Rig().client() as client:
        answer = await client.post("/api/v1/label/host/values")
        put = await client.put("/api/v1/query")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json() == {
        "status": "error",
        "errorType": "bad_data",
        "error": "POST is not allowed here; the methods are GET, HEAD",
    }
    assert (put.status_code, put.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_an_unknown_path() -> None:
    async with Rig().client() as client:
        answer = await client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json() == {
        "status": "error",
        "errorType": "not_found",
        "error": "there is nothing at /api/v1/nothing",
    }


FORMS = [
    ("application/x-www-form-urlencoded", 200),
    ("application/x-www-form-urlencoded; charset=UTF-8", 200),
    ("APPLICATION/X-WWW-FORM-URLENCODED", 200),
    ("application/json", 400),
    ("multipart/form-data; boundary=x", 400),
]


@pytest.mark.parametrize(("kind", "status"), FORMS)
async def test_types_of_bodies(kind: str, status: int) -> None:
    """Another than a form is passed over, as by Go's servers: some clients state a type for no body at all."""
    async with Rig().client() as client:
        alone = await client.post("/api/v1/query", content=b"query=1", headers={"content-type": kind})
        beside = await client.post("/api/v1/query?query=1", content=b"", headers={"content-type": kind})
    assert (alone.status_code, beside.status_code) == (status, 200)


async def test_a_form_without_a_type() -> None:
    async with Rig().client() as client:
        answer = await client.post("/api/v1/query", content=b"query=1%2B1&query=3")
    assert answer.json()["data"]["result"] == [100, "2"]


async def test_forms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes or fields cost a 413 and are counted."""
    monkeypatch.setattr(parameters, "MAX_FORM_BYTES", 100)
    monkeypatch.setattr(parameters, "MAX_FIELDS", 5)
    rig = Rig()
    async with rig.client() as client:
        fits = await client.post("/api/v1/query", data={"query": "1".ljust(94)})
        too_long = await client.post("/api/v1/query", data={"query": "1".ljust(95)})
        too_many = await client.post("/api/v1/query", content=b"query=1" + b"&a=1" * 5)
    assert (fits.status_code, too_long.status_code, too_many.status_code) == (200, 413, 413)
    assert too_long.json() == {
        "status": "error",
        "errorType": "bad_data",
        "error": "the body has more than 100 bytes",
    }
    assert too_many.json()["error"] == "the form has more than 5 fields"
    assert rig.running.refusals == {"body": 2}


GRAFANA, OTHER = "https://grafana.example.org", "https://other.example.org"


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ([], GRAFANA, None),
        ([GRAFANA], GRAFANA, GRAFANA),
        ([GRAFANA], OTHER, None),
        (["*"], OTHER, "*"),
        (["*"], None, None),
    ],
)
async def test_pages_of_other_origins(origins: list[str], origin: str | None, allowed: str | None) -> None:
    """Those that are configured may read answers and errors; browsers keep them from all others."""
    headers = {"origin": origin} if origin else {}
    async with Rig(origins=origins).client() as client:
        preflight = await client.options("/api/v1/query", headers=headers)
        answer = await client.get("/api/v1/query", params={"query": "1"}, headers=headers)
        error = await client.get("/api/v1/query", headers=headers)
    name = "access-control-allow-origin"
    assert [made.headers.get(name) for made in (preflight, answer, error)] == [allowed] * 3
    assert (preflight.status_code, answer.status_code, error.status_code) == (204, 200, 400)
    assert ("Origin" in answer.headers.get("vary", "")) == bool(allowed)


CODINGS = [
    ("gzip", "gzip"),
    ("zstd", "zstd"),
    ("gzip, deflate, br, zstd", "zstd"),
    ("gzip;q=1, zstd;q=0.5", "gzip"),
    ("br", None),
    ("identity", None),
    ("gzip;q=0", None),
    ("*", "zstd"),
]


@pytest.mark.parametrize(("accepted", "coding"), CODINGS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_compression(accepted: str, coding: str | None, streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are compressed as the client likes best, those that are sent in pieces too."""
    if streamed:
        monkeypatch.setattr("vedette_server.api.bodies.WHOLE_BYTES", 1)
    decode = {"gzip": gzip.decompress, "zstd": zstandard.ZstdDecompressor().decompressobj().decompress, None: bytes}
    async with (
        Rig(many_series()).client() as client,
        client.stream("GET", "/api/v1/series", params=MANY, headers={"accept-encoding": accepted}) as answer,
    ):
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "accept-encoding"
    assert ("content-length" in answer.headers) == (not streamed)
    assert len(json.loads(decode[coding](body))["data"]) == SERIES


async def test_small_answers_are_not_compressed() -> None:
    async with Rig().client() as client:
        answer = await client.get("/api/v1/query", params={"query": "1"}, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers


async def test_a_defect_behind_one_path(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with its trace; its client is told no more than that."""
    async with Rig().client() as client:
        answer = await client.get("/api/fleet/v1/hosts/x/services")
    assert (answer.status_code, answer.json()) == (
        500,
        {"status": "error", "errorType": "internal", "error": "internal error; the server's log has more"},
    )
    assert [record.getMessage() for record in caplog.records if record.name.startswith("vedette")] == ["request failed"]


async def test_head() -> None:
    async with Rig().client() as client:
        answer = await client.head("/-/healthy")
    assert answer.status_code == 200


async def test_health() -> None:
    async with Rig().client() as client:
        pages: list[httpx.Response] = [await client.get(f"/-/{word}") for word in ("healthy", "ready")]
    assert [(page.status_code, page.text) for page in pages] == [
        (200, "Vedette Server is Healthy.\n"),
        (200, "Vedette Server is Ready.\n"),
    ]
