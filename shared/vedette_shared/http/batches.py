"""A server for many clients that say little and may wait a moment: one task serves them all, batch by batch.

A task a client takes several turns of the event loop for each request, which is most of what a small one costs. Here
the first bytes to arrive start a short wait in which others join; then all that has come is read, given to the handler
at once, and answered.
"""

from __future__ import annotations

import contextlib
import select
import socket
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import trio

from vedette_shared.http.accepting import accept_now
from vedette_shared.http.batch_client import BatchClient
from vedette_shared.http.messages import Request, Response
from vedette_shared.http.reader import Limits
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

BatchHandler: TypeAlias = Callable[[Sequence[Request]], Awaitable[Sequence[Response]]]

DEFAULT_LIMITS = Limits()
REAP_EVERY_S = 1.0
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Gather:
    """How long a batch is gathered: the fewer clients there are, the less there is to wait for.

    Attributes:
        per_client: Seconds for each client that is connected.
        most: Seconds, for any number of clients.
    """

    per_client: float
    most: float

    def seconds(self, clients: int) -> float:
        """From the first bytes to the batch."""
        return min(self.most, clients * self.per_client)


async def serve_batches(
    handler: BatchHandler,
    listeners: Sequence[socket.socket],
    limits: Limits = DEFAULT_LIMITS,
    *,
    gather: Gather,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer requests on ``listeners`` (``vedette_shared.listening.listen_on``), which are closed at the end.

    A batch for which the handler raises is given to it again, request by request, so that no one but the culprit
    gets a 500; the handler must do no harm twice. HEAD is answered as GET.

    Args:
        handler: Given requests, returns the response to each. Those of one client are in their order. The next batch
            waits until this one is answered.
        listeners: Non-blocking listening sockets.
        limits: What a client may ask.
        gather: How long others may join; a client with much to send cuts it short.
        task_status: Started when clients are being accepted.
    """
    with contextlib.ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        server = _BatchServer(handler, limits)
        stack.callback(server.close)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.reap)
            for listener in listeners:
                nursery.start_soon(server.accept, listener)
            task_status.started()
            await server.run(gather)


class _BatchServer:
    def __init__(self, handler: BatchHandler, limits: Limits) -> None:
        self._handler = handler
        self._limits = limits
        self._clients: dict[int, BatchClient] = {}
        self._epoll = select.epoll()

    async def accept(self, listener: socket.socket) -> None:
        """Accept clients as they come, while there is room for more."""
        while True:
            if len(self._clients) >= self._limits.connections:
                await trio.sleep(REAP_EVERY_S)
                continue
            await trio.lowlevel.wait_readable(listener)
            try:
                while len(self._clients) < self._limits.connections and (accepted := accept_now(listener)):
                    self._welcome(*accepted)
            except OSError as error:
                _log.warning("cannot accept a client", error=error)
                await trio.sleep(REAP_EVERY_S)

    def _welcome(self, connection: socket.socket, peer: str) -> None:
        self._clients[connection.fileno()] = BatchClient(connection, peer, self._limits, trio.current_time())
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    async def run(self, gather: Gather) -> None:
        hurry = busy = False
        while True:
            if not busy:
                # One wait for any number of clients: an epoll can be waited for as a socket can.
                await trio.lowlevel.wait_readable(self._epoll.fileno())
            if not hurry:
                await trio.sleep(gather.seconds(len(self._clients)))
            batch = self._advance()
            await self._answer([client for client in batch if client.events])
            hurry = any(client.is_in_flood for client in batch)
            # Where several came together more will soon: waking up for their first bytes would only cost.
            busy = len(batch) > 1 and not hurry

    async def reap(self) -> None:
        """Cut clients that overran their time."""
        while True:
            await trio.sleep(REAP_EVERY_S)
            now = trio.current_time()
            for client in [client for client in self._clients.values() if client.deadline < now]:
                self._drop(client)

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.connection.close()
        self._epoll.close()

    def _advance(self) -> list[BatchClient]:
        """Move on all clients that can be moved on; returns those that sent something."""
        now = trio.current_time()
        received = []
        for descriptor, _ in self._epoll.poll(0, _AT_ONCE):
            client = self._clients.get(descriptor)
            if client is not None and self._move(client, now):
                received.append(client)
        return received

    def _move(self, client: BatchClient, now: float) -> bool:
        """Receive from a client, or send on what waits for it; tell whether it was received from."""
        try:
            if client.has_to_send:
                client.send(now)
                self._watch(client)
                return False
            goes_on = client.receive(now)
        except OSError as error:
            _log.debug("client went away", error=error)
            goes_on = False
        if not goes_on:
            self._drop(client)
        return goes_on

    async def _answer(self, clients: Sequence[BatchClient]) -> None:
        requests = [request for client in clients for request in client.requests()]
        responses = iter(await self._handle(requests) if requests else ())
        now = trio.current_time()
        for client in clients:
            self._give(client, responses, now)

    def _give(self, client: BatchClient, responses: Iterator[Response], now: float) -> None:
        try:
            client.answer(responses, now)
            if client.has_to_send:
                self._watch(client)
        except OSError as error:
            _log.debug("client went away", error=error)
            self._drop(client)

    async def _handle(self, requests: Sequence[Request]) -> Sequence[Response]:
        try:
            return await self._handler(requests)
        except Exception as error:  # noqa: BLE001  a defect in one request must not end the service
            if len(requests) > 1:
                return [response for request in requests for response in await self._handle([request])]
            _log.error("request failed", path=requests[0].path, error=repr(error), trace=traceback.format_exc())
            return [Response(500, b"internal error; the log has more\n")]

    def _watch(self, client: BatchClient) -> None:
        """Wait for what the client needs next: to take what it is sent, or to send."""
        events = select.EPOLLOUT if client.has_to_send else select.EPOLLIN
        self._epoll.modify(client.connection.fileno(), events)

    def _drop(self, client: BatchClient) -> None:
        del self._clients[client.connection.fileno()]
        client.connection.close()
