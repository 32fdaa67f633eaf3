"""The server over real sockets: answers, keeps alive, cuts the slow, outlives a broken handler, stops cleanly."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import httpx
import pytest
import trio
from trio.testing import MockClock

from vedette_shared.addresses import Address
from vedette_shared.http import Gather, Limits, Request, Response, serve, serve_batches
from vedette_shared.listening import bound_address, listen_on

LIMITS = Limits()
GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


async def echo(request: Request) -> Response:
    if request.path == "/broken":
        raise RuntimeError("a defect")
    return Response(200, f"{request.method} {request.path} {len(request.body)}".encode())


Serve = Callable[..., Awaitable[None]]
Serving = Callable[..., AbstractAsyncContextManager[Address]]


async def serve_in_batches(
    handler: Callable[[Request], Awaitable[Response]],
    listeners: Sequence[socket.socket],
    limits: Limits = LIMITS,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    """``serve_batches`` with a handler of single requests."""

    async def handle(requests: Sequence[Request]) -> list[Response]:
        return [await handler(request) for request in requests]

    await serve_batches(handle, listeners, limits, gather=Gather(0.001, 0.01), task_status=task_status)


@asynccontextmanager
async def serve_on_loopback(
    serve: Serve, handler: Callable[[Request], Awaitable[Response]] = echo, limits: Limits = LIMITS, **more: object
) -> AsyncIterator[Address]:
    listener = listen_on(Address("127.0.0.1", 0))
    address = bound_address(listener)
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, handler, [listener], limits, **more))
        yield address
        nursery.cancel_scope.cancel()


@pytest.fixture(params=[serve, serve_in_batches], ids=["each client by itself", "in batches"])
def serving(request: pytest.FixtureRequest) -> Serving:
    """Either server: what a client sees of them is the same."""
    return partial(serve_on_loopback, request.param)


async def connect(address: Address) -> trio.SocketStream:
    return await trio.open_tcp_stream(address.host, address.port)


async def read_answer(stream: trio.SocketStream) -> tuple[int, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        part = await stream.receive_some()
        assert part, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    length = next((int(line.split()[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0)
    while len(body) < length:
        body += await stream.receive_some()
    return status, body


async def test_answers_and_keeps_the_connection(serving: Serving) -> None:
    async with serving() as address, await connect(address) as stream:
        for name in (b"a", b"b"):
            await stream.send_all(GET % name)
            assert await read_answer(stream) == (200, b"GET /%s 0" % name)


async def test_pipelined_requests_are_answered_in_order(serving: Serving) -> None:
    async with serving() as address, await connect(address) as stream:
        await stream.send_all(GET % b"a" + GET % b"b" + b"GET /c HTTP/1.0\r\n\r\n")
        data = b"".join([part async for part in stream])
        assert [part.split(b"\r\n\r\n")[1][:8] for part in data.split(b"HTTP/1.1 ")[1:]] == [
            b"GET /a 0",
            b"GET /b 0",
            b"GET /c 0",
        ]


async def test_a_client_library_of_the_wild(serving: Serving) -> None:
    async with serving() as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        large = b"x" * 1_000_000
        answers = [await client.post("/p", content=large), await client.head("/h"), await client.get("/broken")]
        assert [(a.status_code, a.text) for a in answers] == [
            (200, "POST /p 1000000"),
            (200, ""),
            (500, "internal error; the log has more\n"),
        ]

        async def parts() -> AsyncIterator[bytes]:
            yield b"ab"
            yield b"c"

        assert (await client.post("/chunked", content=parts())).text == "POST /chunked 3"


async def test_a_body_is_asked_for_and_a_large_one_refused_before_it_is_sent(serving: Serving) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    async with serving(limits=Limits(body=10)) as address:
        async with await connect(address) as stream:
            await stream.send_all(head % 3)
            assert await read_answer(stream) == (100, b"")
            await stream.send_all(b"abc")
            assert await read_answer(stream) == (200, b"POST / 3")
        async with await connect(address) as stream:
            await stream.send_all(head % 11)
            assert await read_answer(stream) == (413, b"a body may have 10 bytes\n")
            assert await stream.receive_some() == b""


async def test_a_large_answer_to_a_client_that_reads_late(serving: Serving) -> None:
    page = b"x" * 8_000_000

    async def answer(request: Request) -> Response:
        return Response(200, page)

    async with serving(answer) as address, await connect(address) as stream:
        await stream.send_all(GET % b"")
        await trio.sleep(0.05)
        assert await read_answer(stream) == (200, page)


@pytest.mark.parametrize("sent", [b"", GET[:9], GET % b"a"], ids=["silent", "half a request", "idle after an answer"])
async def test_a_client_that_overruns_its_time_is_cut(serving: Serving, sent: bytes, autojump_clock: MockClock) -> None:
    async with serving(limits=Limits(request_time=5, idle_time=7)) as address, await connect(address) as stream:
        if sent:
            await stream.send_all(sent)
        received = [part async for part in stream]
        assert len(received) == (1 if sent == GET % b"a" else 0)
    assert trio.current_time() < 10


async def test_further_clients_wait_while_all_connections_are_taken(serving: Serving) -> None:
    async with serving(limits=Limits(connections=1)) as address:
        first, second = await connect(address), await connect(address)
        await second.send_all(GET % b"second")
        await first.send_all(GET % b"first")
        assert await read_answer(first) == (200, b"GET /first 0")
        with trio.move_on_after(0.05):
            await second.receive_some()
            pytest.fail("two connections at once")
        await first.aclose()
        assert await read_answer(second) == (200, b"GET /second 0")
        await second.aclose()


async def test_a_stop_closes_the_idle_and_answers_what_is_at_hand() -> None:
    entered, release, stopping = trio.Event(), trio.Event(), trio.Event()

    async def slow(request: Request) -> Response:
        entered.set()
        await release.wait()
        return Response(200, b"done")

    listener = listen_on(Address("127.0.0.1", 0))
    address = bound_address(listener)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(serve, slow, [listener], stopping=stopping))
            idle, busy = await connect(address), await connect(address)
            await busy.send_all(GET % b"")
            await entered.wait()
            stopping.set()
            assert await idle.receive_some() == b""
            with pytest.raises(OSError, match=r".*"):
                await connect(address)
            release.set()
            assert await read_answer(busy) == (200, b"done")
            assert await busy.receive_some() == b""
            await idle.aclose()
            await busy.aclose()


async def test_closes_its_listeners() -> None:
    listener = listen_on(Address("127.0.0.1", 0))
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, echo, [listener]))
        nursery.cancel_scope.cancel()
    assert listener.fileno() == -1


async def test_a_reset_harms_no_one_else(serving: Serving) -> None:
    async with serving() as address:
        rude = socket.create_connection((address.host, address.port))
        rude.sendall(GET % b"a")
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        rude.close()
        async with await connect(address) as stream:
            await stream.send_all(GET % b"b")
            assert await read_answer(stream) == (200, b"GET /b 0")
