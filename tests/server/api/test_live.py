"""On a real socket: clients that leave, that read slowly, and large answers."""

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.server.api.app import Rig, served
from tests.server.promql.memory import MemoryQuerier
from vedette_server import promql
from vedette_server.api.bodies import WHOLE_BYTES, respond
from vedette_server.api.results import warm_up
from vedette_server.promql.context import Context
from vedette_server.promql.errors import QueryCanceledError
from vedette_shared.addresses import Address
from vedette_shared.http import Limits
from vedette_shared.labels import make_labels

SERIES, STEPS = 300, 1000


def large() -> MemoryQuerier:
    querier = MemoryQuerier()
    for i in range(SERIES):
        labels = make_labels({"__name__": "large", "number": f"{i:04}"})
        querier.add(labels, [(at * 100, i + at / 7) for at in range(STEPS)])
    return querier


LARGE = "/api/v1/query_range?query=large&start=0&end=99.9&step=0.1"


async def connect(address: Address) -> trio.SocketStream:
    return await trio.open_tcp_stream(address.host, address.port)


async def request(address: Address, path: str) -> trio.SocketStream:
    stream = await connect(address)
    await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
    return stream


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
async def test_a_large_answer_comes_in_pieces(encoding: str) -> None:
    """300,000 points, and the loop goes on meanwhile."""
    warm_up()
    promql.warm_up()  # a query waits for the compiler for two seconds at the most
    async with served(Rig(large()).app()) as address, httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(f"http://{address}{LARGE}", headers={"accept-encoding": encoding})
    assert (answer.status_code, answer.headers.get("transfer-encoding")) == (200, "chunked")
    assert answer.headers.get("content-encoding", "identity") == encoding
    result = json.loads(answer.content)["data"]["result"]
    assert [series["metric"]["number"] for series in result] == [f"{i:04}" for i in range(SERIES)]
    assert result[7]["values"] == [[at / 10, repr(7 + at / 7).removesuffix(".0")] for at in range(STEPS)]


async def test_a_query_ends_when_its_client_leaves() -> None:
    """The engine is told to give up, and the query counts as canceled."""
    reached, given_up = threading.Event(), threading.Event()
    rig = Rig()

    def hold(*series: object) -> None:
        reached.set()
        given_up.wait(30)

    rig.querier._guard = hold  # type: ignore[attr-defined]
    seen: list[BaseException] = []
    check = Context.check

    def watched(context: Context) -> None:
        try:
            check(context)
        except QueryCanceledError as error:
            seen.append(error)
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Context, "check", watched)
        async with served(rig.app()) as address:
            stream = await request(address, "/api/v1/query?query=x_total%2Bx_total%20offset%201m")
            await trio.to_thread.run_sync(reached.wait, 30)
            await stream.aclose()
            while not rig.running.counts:
                await trio.sleep(0.001)
            given_up.set()
            while rig.running.limiter.borrowed_tokens:
                await trio.sleep(0.001)
    assert rig.running.counts == {("query", "canceled"): 1}
    assert [str(error) for error in seen] == ["query was canceled in query execution"]


async def test_the_rest_of_an_answer_is_not_made_for_a_client_that_left() -> None:
    """It reads a little of a large answer and goes; no piece is made after that, and the server serves others."""
    warm_up()
    rig = Rig(large())
    async with served(rig.app()) as address:
        stream = await request(address, LARGE)
        assert (await stream.receive_some(100)).startswith(b"HTTP/1.1 200")
        await stream.aclose()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{address}/-/healthy")).status_code == 200
        while rig.running.encoding.borrowed_tokens:
            await trio.sleep(0.001)


async def test_a_client_that_stops_reading_does_not_keep_the_server_from_ending() -> None:
    """The kernel drops it after the time that the server sets; until then nothing else waits for it."""
    warm_up()
    rig = Rig(large())
    with trio.fail_after(60):
        async with served(rig.app(), stalled_ms=1000) as address:
            stream = await request(address, LARGE)
            await stream.receive_some(100)
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://{address}/-/healthy")).status_code == 200
        await stream.aclose()


async def test_an_answer_that_breaks_off(caplog: pytest.LogCaptureFixture) -> None:
    """A defect in the middle of an answer ends the connection, so that no client takes a part for the whole."""

    def pieces() -> Iterator[bytes]:
        yield b"x" * WHOLE_BYTES
        yield b"x"
        raise ValueError("here")

    async def endpoint(request: Request) -> Response:
        return respond(pieces(), "text/plain", trio.CapacityLimiter(1))

    app = Starlette(routes=[Route("/", endpoint)])
    async with served(app) as address, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://{address}/")
    assert [record.getMessage() for record in caplog.records if record.name.startswith("vedette")] == [
        "an answer was broken off"
    ]


async def test_a_long_query_in_the_path() -> None:
    """As clients send it that do not post."""
    query = "1" + "-1" * 20_000
    async with served(Rig().app()) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/api/v1/query", params={"query": query})
    assert answer.json()["data"]["result"] == [100, "-19999"]


async def test_a_body_without_end() -> None:
    """A client that says 100 bytes and sends 10 is told so, and holds no thread meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vedette_server.api.serve.LIMITS", Limits(request_time=0.1))
        async with served(Rig().app()) as address:
            stream = await connect(address)
            await stream.send_all(
                b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nquery=1%2B"
            )
            answer = await stream.receive_some(10_000)
            await stream.aclose()
    assert answer.startswith(b"HTTP/1.1 408")


async def test_head_has_no_body() -> None:
    async with served(Rig().app()) as address, httpx.AsyncClient() as client:
        answer = await client.head(f"http://{address}/api/v1/query", params={"query": "1"})
    assert (answer.status_code, answer.content) == (200, b"")


QUERY = "GET /api/v1/query?query=1&time=7 HTTP/1.1\r\nHost: x\r\n"
ANSWER = b'{"status":"success","data":{"resultType":"scalar","result":[7,"1"]}}'


async def all_of(stream: trio.SocketStream) -> bytes:
    """What comes until the server closes the connection."""
    with trio.fail_after(10):
        async with stream:
            return b"".join([bytes(part) async for part in stream])


async def test_a_client_that_wants_one_answer() -> None:
    """With ``Connection: close`` the connection ends after the answer, large or small."""
    warm_up()
    async with served(Rig(large()).app()) as address:
        for path, end in (("/api/v1/query?query=1&time=7", ANSWER), (LARGE, b"\r\n0\r\n\r\n")):
            stream = await connect(address)
            await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = await all_of(stream)
            assert b"\r\nconnection: close\r\n" in answer
            assert answer.endswith(end)


async def test_requests_that_come_together() -> None:
    """They are answered in their order."""
    async with served(Rig().app()) as address:
        stream = await connect(address)
        closing = QUERY.replace("query=1", "query=2") + "Connection: close\r\n\r\n"
        await stream.send_all((QUERY + "\r\n" + QUERY + "\r\n" + closing).encode())
        answers = await all_of(stream)
    bodies = [part.rpartition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [ANSWER, ANSWER, ANSWER.replace(b'"1"', b'"2"')]


async def test_http_1_0() -> None:
    """A client of old knows no chunks: the end of the connection is that of the answer."""
    warm_up()
    async with served(Rig(large()).app()) as address:
        stream = await connect(address)
        await stream.send_all(f"GET {LARGE} HTTP/1.0\r\n\r\n".encode())
        head, _, body = (await all_of(stream)).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert len(json.loads(body)["data"]["result"]) == SERIES


async def test_what_is_no_request() -> None:
    async with served(Rig().app()) as address:
        stream = await connect(address)
        await stream.send_all(b"nonsense\r\n\r\n")
        answer = await all_of(stream)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
