"""The shell of the HTTP server: accepts, reads, calls the handler, answers; on trio, with plain or TLS sockets."""

from __future__ import annotations

import math
import socket
import ssl
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import trio

from vedette_shared.http.accepting import accept_now
from vedette_shared.http.messages import CONTINUE, Request, Response, encode_response
from vedette_shared.http.reader import Event, ExpectsContinue, Limits, Refusal, RequestReader
from vedette_shared.http.transport import PlainTransport, TlsTransport, Transport
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

DEFAULT_LIMITS = Limits()
RECEIVE_BYTES = 64 * 2**10
REAP_EVERY_S = 1.0
LINGER_S = 2.0
PAUSE_WITHOUT_FILES_S = 0.1

_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, ConnectionError, ssl.SSLError)


async def serve(
    handler: Handler,
    listeners: Sequence[socket.socket],
    limits: Limits = DEFAULT_LIMITS,
    *,
    tls: ssl.SSLContext | None = None,
    stopping: trio.Event | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer requests on ``listeners`` (``vedette_shared.listening.listen_on``), which are closed at the end.

    A handler that raises costs its client a 500 and is logged; it harms no one else. HEAD is answered as GET.

    Args:
        handler: Called once for each request; the requests of one connection come one after the other.
        listeners: Non-blocking listening sockets.
        limits: What a client may ask.
        tls: Speak TLS.
        stopping: Once it is set, nothing more is accepted, idle connections are closed, and ``serve`` returns when
            the requests at hand are answered; the caller bounds how long that may take.
        task_status: Started when clients are being accepted.
    """
    server = _Server(handler, limits, tls)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.reap)
            async with trio.open_nursery() as clients:
                async with trio.open_nursery() as acceptors:
                    for listener in listeners:
                        acceptors.start_soon(server.accept, listener, clients)
                    task_status.started()
                    if stopping is not None:
                        await stopping.wait()
                        acceptors.cancel_scope.cancel()
                for listener in listeners:
                    listener.close()
                server.stop()
            nursery.cancel_scope.cancel()
    finally:
        for listener in listeners:
            listener.close()


class _Connection:
    """One client: its deadline, kept by the reaper, and whether it is between two requests."""

    __slots__ = ("deadline", "idle", "scope")

    def __init__(self, deadline: float) -> None:
        self.scope = trio.CancelScope()
        self.deadline = deadline
        self.idle = True


class _Server:
    def __init__(self, handler: Handler, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self._handler = handler
        self._limits = limits
        self._tls = tls
        self._stopping = False
        self._connections: set[_Connection] = set()
        self._slots = trio.Semaphore(limits.connections)

    async def reap(self) -> None:
        """Cut connections that overran their time: one task for all, as a timer for each request costs more."""
        while True:
            await trio.sleep(REAP_EVERY_S)
            now = trio.current_time()
            for connection in self._connections:
                if connection.deadline < now:
                    connection.scope.cancel()

    def stop(self) -> None:
        """Close the idle connections; the others end with the answer at hand."""
        self._stopping = True
        for connection in self._connections:
            if connection.idle:
                connection.scope.cancel()

    async def accept(self, listener: socket.socket, clients: trio.Nursery) -> None:
        while True:
            await self._slots.acquire()
            try:
                client, peer = await _accept(listener)
            except BaseException:
                self._slots.release()
                raise
            clients.start_soon(self._attend, client, peer)

    async def _attend(self, client: socket.socket, peer: str) -> None:
        connection = _Connection(trio.current_time() + self._limits.request_time)
        self._connections.add(connection)
        try:
            with connection.scope, client:
                try:
                    await self._converse(connection, await self._transport(client), RequestReader(self._limits, peer))
                except _GONE as error:
                    _log.debug("client went away", peer=peer, error=error)
        finally:
            self._connections.discard(connection)
            self._slots.release()

    async def _transport(self, client: socket.socket) -> Transport:
        if self._tls is None:
            return PlainTransport(client)
        return await TlsTransport.accept(client, self._tls)

    async def _converse(self, connection: _Connection, transport: Transport, reader: RequestReader) -> None:
        while data := await transport.receive(RECEIVE_BYTES):
            if connection.idle:
                connection.idle = False
                connection.deadline = trio.current_time() + self._limits.request_time
            for event in reader.feed(data):
                connection.deadline = math.inf
                answer, goes_on = await self._answer(event)
                connection.deadline = trio.current_time() + self._limits.send_time
                await transport.send(answer)
                if not goes_on:
                    await self._linger(connection, transport)
                    return
                connection.deadline = trio.current_time() + self._limits.request_time
            if reader.is_between_requests:
                connection.idle = True
                connection.deadline = trio.current_time() + self._limits.idle_time
                if self._stopping:
                    return

    async def _answer(self, event: Event) -> tuple[bytes, bool]:
        """Return (the bytes that answer ``event``, whether the connection goes on)."""
        if isinstance(event, Request):
            response = await self._respond(event)
            goes_on = event.keep_alive and not self._stopping
            return encode_response(response, keep_alive=goes_on, head_only=event.method == "HEAD"), goes_on
        if isinstance(event, ExpectsContinue):
            return CONTINUE, True
        return encode_response(_plain(event), keep_alive=False), False

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._handler(request)
        except Exception as error:  # noqa: BLE001  a defect in one handler must not end the service
            _log.error("request failed", path=request.path, error=repr(error), trace=traceback.format_exc())
            return Response(500, b"internal error; the log has more\n")

    async def _linger(self, connection: _Connection, transport: Transport) -> None:
        """Let the client read the answer: closing on bytes that are still under way would reset the connection."""
        connection.deadline = trio.current_time() + LINGER_S
        connection.idle = True
        await transport.finish()
        allowance = self._limits.body
        while allowance > 0 and (data := await transport.receive(RECEIVE_BYTES)):
            allowance -= len(data)


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


def _plain(refusal: Refusal) -> Response:
    return Response(refusal.status, f"{refusal.text}\n".encode())
