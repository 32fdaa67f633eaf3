"""A client's bytes: over a plain socket, with as few steps of the event loop as can be, or over TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol

import trio


class Transport(Protocol):
    """Moves the bytes of one connection. The socket is closed by its owner."""

    async def receive(self, most: int) -> bytes:
        """Return what has arrived, at least a byte; nothing at the end of the stream."""
        ...

    async def send(self, data: bytes) -> None:
        """Hand ``data`` to the network, all of it."""
        ...

    async def finish(self) -> None:
        """Say that nothing more will be sent."""
        ...


class PlainTransport:
    """A non-blocking socket, used directly: trio's streams take a turn of the loop a call, this one a wait."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def receive(self, most: int) -> bytes:
        while True:
            await trio.lowlevel.wait_readable(self._socket)
            with contextlib.suppress(BlockingIOError):
                return self._socket.recv(most)

    async def send(self, data: bytes) -> None:
        rest = memoryview(data)[self._send_now(data) :]
        while rest:
            await trio.lowlevel.wait_writable(self._socket)
            rest = rest[self._send_now(rest) :]

    async def send_parts(self, parts: Sequence[bytes | memoryview]) -> None:
        """Send all of ``parts``, one after the other, without joining them first."""
        rest = [memoryview(part) for part in parts if len(part)]
        while rest:
            try:
                sent = self._socket.sendmsg(rest)
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._socket)
                continue
            while rest and sent >= len(rest[0]):
                sent -= len(rest.pop(0))
            if rest:
                rest[0] = rest[0][sent:]

    def _send_now(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    async def finish(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)


class TlsTransport:
    """TLS over a socket."""

    def __init__(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        self._stream = stream

    @classmethod
    async def accept(cls, connection: socket.socket, context: ssl.SSLContext) -> TlsTransport:
        """Return the transport after the handshake.

        Raises:
            trio.BrokenResourceError: the client does not speak TLS, or not a version that ``context`` allows.
        """
        plain = trio.SocketStream(trio.socket.from_stdlib_socket(connection))
        stream = trio.SSLStream(plain, context, server_side=True, https_compatible=True)
        await stream.do_handshake()
        return cls(stream)

    async def receive(self, most: int) -> bytes:
        return bytes(await self._stream.receive_some(most))

    async def send(self, data: bytes) -> None:
        await self._stream.send_all(data)

    async def finish(self) -> None:
        await self._stream.aclose()
