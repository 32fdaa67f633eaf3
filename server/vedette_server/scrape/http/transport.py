"""Connections as the client uses them."""

from __future__ import annotations

import socket
import ssl
from typing import Protocol

import trio

RECEIVE_BYTES = 65_536

# One for all connections: what is received into it is copied out before anything else runs.
_buffer = memoryview(bytearray(RECEIVE_BYTES))


class Transport(Protocol):
    """A connection to a target."""

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        ...

    async def receive(self) -> bytes:
        """Return what has come, at least one byte; none at the end of the stream."""
        ...

    def close(self) -> None:
        """Close at once, without a farewell."""
        ...


class PlainTransport:
    """TCP. It goes to the scheduler only when the kernel makes it wait, as most requests fit a socket's buffer."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    async def send(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._socket)

    async def receive(self) -> bytes:
        while True:
            await trio.lowlevel.wait_readable(self._socket)
            try:
                size = self._socket.recv_into(_buffer)
            except BlockingIOError:
                continue
            return bytes(_buffer[:size])

    def close(self) -> None:
        self._socket.close()


class TlsTransport:
    """TLS over TCP."""

    def __init__(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        self._stream = stream

    async def send(self, data: bytes) -> None:
        await self._stream.send_all(data)

    async def receive(self) -> bytes:
        return bytes(await self._stream.receive_some(RECEIVE_BYTES))

    def close(self) -> None:
        self._stream.transport_stream.socket.close()


async def connect(host: str, port: int, tls: ssl.SSLContext | None, server_name: str) -> Transport:
    """Return a connection.

    Raises:
        OSError: the name is not known, or nobody answers.
    """
    stream = await trio.open_tcp_stream(host, port)
    if tls is not None:
        return TlsTransport(trio.SSLStream(stream, tls, server_hostname=server_name, https_compatible=True))
    family, kind, protocol = stream.socket.family, stream.socket.type, stream.socket.proto
    connection = socket.socket(family, kind, protocol, fileno=stream.socket.detach())
    connection.setblocking(False)
    return PlainTransport(connection)
