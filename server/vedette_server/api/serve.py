"""The API on its port: an ASGI application behind the project's own HTTP, on trio.

A dashboard asks many small questions and a report one with millions of points; for both, what a general server does
for each request and each piece cost more than the answer itself.
"""

from __future__ import annotations

import socket
import traceback

import trio
from starlette.types import ASGIApp

from vedette_server.api.exchange import RECEIVE_BYTES, Exchange
from vedette_shared.http import ExpectsContinue, Limits, Refusal, Request, RequestReader, Response, encode_response
from vedette_shared.http.accepting import accept_now
from vedette_shared.http.messages import CONTINUE
from vedette_shared.http.transport import PlainTransport
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

LIMITS = Limits(head=128 * 2**10, body=8 * 2**20, connections=2048, request_time=30.0, idle_time=120.0)
"""A long query may stand in the head; the endpoints bound bodies more narrowly."""

STALLED_MS = 60_000
"""A client that reads nothing for so long is dropped by the kernel."""

LINGER_S = 2.0
PAUSE_WITHOUT_FILES_S = 0.1

_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, ConnectionError)


async def serve_api(
    app: ASGIApp,
    listener: socket.socket,
    *,
    limits: Limits | None = None,
    stalled_ms: int = STALLED_MS,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve ``app`` on ``listener``, which this closes, until cancelled."""
    if listener.family != socket.AF_UNIX:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stalled_ms)
    limits = limits or LIMITS
    slots = trio.Semaphore(limits.connections)

    async def attend(client: socket.socket, peer: str) -> None:
        try:
            with client:
                await _Connection(app, PlainTransport(client), RequestReader(limits, peer), limits).run()
        except _GONE as error:
            _log.debug("client went away", peer=peer, error=error)
        finally:
            slots.release()

    with listener:
        async with trio.open_nursery() as clients:
            task_status.started()
            while True:
                await slots.acquire()
                clients.start_soon(attend, *await _accept(listener))


async def _accept(listener: socket.socket) -> tuple[socket.socket, str]:
    while True:
        await trio.lowlevel.wait_readable(listener)
        try:
            accepted = accept_now(listener)
        except OSError as error:
            _log.warning("cannot accept a client", error=error)
            await trio.sleep(PAUSE_WITHOUT_FILES_S)
            continue
        if accepted is not None:
            return accepted


class _Connection:
    """One client, whose requests are answered one after the other."""

    def __init__(self, app: ASGIApp, transport: PlainTransport, reader: RequestReader, limits: Limits) -> None:
        self._app = app
        self._transport = transport
        self._reader = reader
        self._limits = limits
        self._ahead = b""

    async def run(self) -> None:
        """Answer until either side has had enough."""
        while data := await self._next_bytes():
            for number, event in enumerate(self._reader.feed(data)):
                if number:
                    await trio.lowlevel.checkpoint()  # many requests that came at once must not keep off other clients
                if not await self._answer(event):
                    await self._linger()
                    return

    async def _next_bytes(self) -> bytes:
        """What came while the last request was answered, or what comes now; nothing at the end."""
        if self._ahead:
            data, self._ahead = self._ahead, b""
            await trio.lowlevel.checkpoint()
            return data
        between = self._reader.is_between_requests
        with trio.move_on_after(self._limits.idle_time if between else self._limits.request_time):
            return await self._transport.receive(RECEIVE_BYTES)
        if not between:
            await self._refuse(Refusal(408, "the request did not come in time"))
        return b""

    async def _answer(self, event: Request | ExpectsContinue | Refusal) -> bool:
        """Answer, and tell whether the connection goes on."""
        if isinstance(event, ExpectsContinue):
            await self._transport.send(CONTINUE)
            return True
        if isinstance(event, Refusal):
            await self._refuse(event)
            return False
        exchange = Exchange(self._transport, event)
        try:
            await self._app(exchange.scope(), exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001  a defect behind one answer ends its connection, and no other
            trace = "".join(traceback.format_exception(error))
            _log.error("an answer was broken off", path=event.path, error=repr(error), trace=trace)
            return False
        self._ahead += bytes(exchange.ahead)
        return exchange.complete and exchange.keep_alive

    async def _refuse(self, refusal: Refusal) -> None:
        await self._transport.send(
            encode_response(Response(refusal.status, f"{refusal.text}\n".encode()), keep_alive=False)
        )

    async def _linger(self) -> None:
        """Let the client read the answer: closing on bytes that are still under way would reset the connection."""
        await self._transport.finish()
        with trio.move_on_after(LINGER_S):
            while await self._transport.receive(RECEIVE_BYTES):
                pass
