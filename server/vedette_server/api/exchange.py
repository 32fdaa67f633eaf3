"""One request and its answer, as ASGI has them, over the bytes of a connection."""

from __future__ import annotations

import http
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

import trio
from starlette.types import Message, Scope

from vedette_shared.http import Request, http_date
from vedette_shared.http.transport import PlainTransport

RECEIVE_BYTES = 64 * 2**10
READ_AHEAD_BYTES = 2**20
"""So much of a next request is taken in while one is answered; a client that leaves after that is noticed late."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus}
_BODILESS = frozenset({204, 304})
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, ConnectionError)


class Exchange:
    """Gives an ASGI application one request, and sends what it answers.

    Attributes:
        ahead: What the client sent already of its next request.
        complete: Whether all of the answer was sent.
        keep_alive: Whether another request may follow on the connection.
    """

    def __init__(self, transport: PlainTransport, request: Request) -> None:
        self.ahead = bytearray()
        self.complete = False
        self.keep_alive = request.keep_alive
        self._transport = transport
        self._request = request
        self._has_body_to_give = True
        self._left = False
        self._start: Message | None = None
        self._chunked = False
        self._is_head = request.method == "HEAD"

    def scope(self) -> Scope:
        """What the application is told of the request."""
        request = self._request
        raw_path = request.path.encode("latin-1")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": request.version,
            "method": request.method,
            "scheme": "http",
            "path": unquote(request.path) if "%" in request.path else raw_path.decode(errors="replace"),
            "raw_path": raw_path,
            "query_string": request.query.encode("latin-1"),
            "root_path": "",
            "headers": request.headers,
            "client": (request.peer, 0),
        }

    async def receive(self) -> Message:
        """The body, which is there as a whole; after that, when it comes to it, that the client has left."""
        if self._has_body_to_give:
            self._has_body_to_give = False
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        while not self._left:
            if len(self.ahead) >= READ_AHEAD_BYTES:
                await trio.sleep_forever()
            try:
                data = await self._transport.receive(RECEIVE_BYTES)
            except _GONE:
                data = b""
            self.ahead += data
            self._left = not data
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send a part of the answer; what nobody waits for any more is thrown away."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._left or self.complete:
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        try:
            await self._transport.send_parts(self._framed(body, last=not more))
        except _GONE:
            self._left = True
        self.complete = not more

    def _framed(self, body: bytes | memoryview, *, last: bool) -> list[bytes | memoryview]:
        """The head, where it is still to be sent, and ``body`` as it goes over the wire."""
        head = b"" if self._start is None else self._head(self._start, len(body) if last else None)
        self._start = None
        if self._is_head:
            return [head]
        if not self._chunked:
            return [head, body]
        end = b"0\r\n\r\n" if last else b""
        return [b"%b%x\r\n" % (head, len(body)), body, b"\r\n" + end] if body else [head, end]

    def _head(self, start: Message, length: int | None) -> bytes:
        """The status line and the headers; ``length`` is that of the body, if it is known."""
        status: int = start["status"]
        lines = [_STATUS_LINES[status], b"date: %b\r\n" % http_date().encode()]
        names = set()
        for name, value in start.get("headers", ()):
            if b"\n" in value or b"\r" in value:
                raise ValueError(f"a line break in the response header {name.decode()!r}")
            names.add(name)
            lines.append(b"%b: %b\r\n" % (name, value))
        if b"content-length" not in names and status not in _BODILESS:
            if length is not None:
                lines.append(b"content-length: %d\r\n" % length)
            elif self._request.version == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive = False
        lines.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        return b"".join(lines)
