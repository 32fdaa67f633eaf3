"""The client over real sockets: keeps its connection, mends a stale one, says why it cannot."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from vedette_shared.addresses import Address
from vedette_shared.http import Client, HttpClientError, Limits, Request, Response, serve
from vedette_shared.listening import bound_address, listen_on


async def echo(request: Request) -> Response:
    text = f"{request.method} {request.path} {request.header('x')} {len(request.body)}"
    return Response(200, text.encode(), headers=(("Retry-After", "5"),))


@asynccontextmanager
async def serving(handler: Callable[[Request], Awaitable[Response]] = echo) -> AsyncIterator[str]:
    listener = listen_on(Address("127.0.0.1", 0))
    async with trio.open_nursery() as nursery:
        await nursery.start(serve, handler, [listener], Limits(body=1000))
        yield f"http://{bound_address(listener)}"
        nursery.cancel_scope.cancel()


async def test_requests_over_one_connection() -> None:
    peers = []

    async def note(request: Request) -> Response:
        peers.append(request.peer)
        return await echo(request)

    async with serving(note) as url:
        client = Client(f"{url}/base/")
        first = await client.request("POST", "/p", {"X": "y"}, b"abc")
        stream = client._stream
        second = await client.request("GET", "/g?a=b")
        assert client._stream is stream
        await client.aclose()
    assert (first.status, first.body, first.headers["retry-after"]) == (200, b"POST /base/p y 3", "5")
    assert second.body == b"GET /base/g  0"


async def raw_server(nursery: trio.Nursery, handler: Callable[[trio.SocketStream], Awaitable[None]]) -> str:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, handler, [listener])
    return f"http://127.0.0.1:{listener.socket.getsockname()[1]}"


async def test_a_kept_connection_that_was_closed_meanwhile() -> None:
    count = 0

    async def once(stream: trio.SocketStream) -> None:
        nonlocal count
        count += 1
        await stream.receive_some(1000)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % count)
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        client = Client(await raw_server(nursery, once))
        bodies = []
        for _ in range(3):
            bodies.append((await client.request("POST", "/", body=b"x")).body)
            await trio.sleep(0.02)
        await client.aclose()
        nursery.cancel_scope.cancel()
    assert bodies == [b"1", b"2", b"3"]


async def test_a_refusal_before_the_body_was_read_is_an_answer() -> None:
    async with serving() as url:
        client = Client(url)
        response = await client.request("POST", "/", body=b"x" * 5_000_000)
        assert (response.status, response.body) == (413, b"a body may have 1000 bytes\n")
        assert (await client.request("POST", "/", body=b"x")).status == 200
        await client.aclose()


async def test_a_request_left_in_its_middle_does_not_answer_the_next() -> None:
    first = trio.Event()

    async def slow_once(request: Request) -> Response:
        if not first.is_set():
            first.set()
            await trio.sleep(0.2)
        return Response(200, request.path.encode())

    async with serving(slow_once) as url:
        client = Client(url)
        with trio.move_on_after(0.05):
            await client.request("GET", "/slow")
        assert (await client.request("GET", "/next")).body == b"/next"
        await client.aclose()


async def test_says_why() -> None:
    async def slam(stream: trio.SocketStream) -> None:
        await stream.receive_some(10)
        await stream.aclose()

    with pytest.raises(HttpClientError, match=r"^127\.0\.0\.1:1: .*[Cc]onnection refused$"):
        await Client("http://127.0.0.1:1").request("GET", "/")
    async with trio.open_nursery() as nursery:
        url = await raw_server(nursery, slam)
        with pytest.raises(HttpClientError, match=r"the connection (broke|was closed)"):
            await Client(url).request("GET", "/")
        nursery.cancel_scope.cancel()


def test_what_is_no_url() -> None:
    with pytest.raises(ValueError, match="'server:9471' is not the URL of a server"):
        Client("server:9471")
