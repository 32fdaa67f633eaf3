"""Small servers that answer what a test wants, for what real applications do not do on demand."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import trio

from vedette_shared.addresses import Address
from vedette_shared.http import Request, Response, serve
from vedette_shared.listening import bound_address, listen_on


@asynccontextmanager
async def pages(bodies: Mapping[str, Response], asked: list[str] | None = None) -> AsyncIterator[int]:
    """A server that answers some paths; yields its port. ``asked`` gets the paths that were asked for."""

    async def answer(request: Request) -> Response:
        target = f"{request.path}?{request.query}" if request.query else request.path
        if asked is not None:
            asked.append(target)
        return bodies.get(target, Response(404))

    async with serving(answer) as port:
        yield port


@asynccontextmanager
async def guarded(wanted: Callable[[], str], page: bytes) -> AsyncIterator[int]:
    """A server that gives a page to whoever bears the header ``Authorization`` that is wanted; yields its port."""

    async def answer(request: Request) -> Response:
        is_let_in = request.header("authorization") == wanted()
        return Response(200, page) if is_let_in else Response(401)

    async with serving(answer) as port:
        yield port


@asynccontextmanager
async def serving(
    answer: Callable[[Request], Awaitable[Response]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server of these answers; yields its port."""
    listener = listen_on(Address("127.0.0.1", 0))
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, answer, [listener], tls=tls))
        yield bound_address(listener).port
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def raw(*chunks: bytes, pause: float = 0.0, endless: bool = False) -> AsyncIterator[int]:
    """A server that sends these bytes to whoever connects, whatever is asked; yields its port."""

    async def send(stream: trio.SocketStream) -> None:
        try:
            await stream.receive_some()
            while True:
                for chunk in chunks:
                    await stream.send_all(chunk)
                await trio.sleep(pause)
                if not endless:
                    break
            await stream.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, send, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()
