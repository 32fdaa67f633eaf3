"""Reads requests: the server's side of HTTP/1.1 without I/O. Bytes in, events out; the grammar is httptools'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import httptools
import msgspec

from vedette_shared.http.messages import Request
from vedette_shared.http.repeated_head import RepeatedHead, repeated_head


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may ask of the server; sizes in bytes, times in seconds.

    Attributes:
        head: The request line and the headers together.
        body: The body as it is sent, before any decoding.
        connections: Open at the same time; further clients wait to be accepted.
        request_time: From a request's first byte to its last.
        idle_time: From a response to the next request.
        send_time: For the client to take a response.
    """

    head: int = 16 * 2**10
    body: int = 64 * 2**20
    connections: int = 4096
    request_time: float = 30.0
    idle_time: float = 300.0
    send_time: float = 60.0


@dataclass(frozen=True, slots=True)
class ExpectsContinue:
    """The client waits for ``100 Continue`` before it sends the body."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The connection cannot go on: answer with ``status`` and close. Always the last event."""

    status: int
    text: str


Event: TypeAlias = Request | ExpectsContinue | Refusal


class RequestReader:
    """Parses what one client sends. Its ``on_…`` methods are called by the parser alone."""

    def __init__(self, limits: Limits, peer: str = "") -> None:
        self._limits = limits
        self._peer = peer
        self._parser = httptools.HttpRequestParser(self)
        self._events: list[Event] = []
        self._closed = False
        self._repeated: RepeatedHead | None = None
        self.on_message_begin()
        self.is_between_requests = True
        """Whether nothing of a next request has arrived."""

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that ``data`` completes. After a refusal further bytes are ignored."""
        if self._closed:
            return []
        if self.is_between_requests and self._repeated is not None:
            request = self._repeated.request(data)
            if request is not None and len(request.body) <= self._limits.body:
                return [request]
        is_first = self.is_between_requests
        self.is_between_requests = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._decline_upgrade()
        except httptools.HttpParserCallbackError as error:
            # The parser wraps what a callback raises.
            cause = error.__context__
            if not isinstance(cause, _RefusedError):
                raise
            self._refuse(cause.status, cause.text)
        except httptools.HttpParserError as error:
            self._refuse(400, f"not an HTTP request: {error}")
        else:
            self._watch_head(len(data))
        events, self._events = self._events, []
        if is_first and self.is_between_requests and len(events) == 1:
            self._repeated = repeated_head(data, events[0])
        return events

    def on_message_begin(self) -> None:
        self.is_between_requests = False
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._head_bytes = 0
        self._fed_bytes = 0
        self._body_bytes = 0
        self._expects_continue = False
        self._head_complete = False

    def on_url(self, part: bytes) -> None:
        self._target += part
        self._count_head(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._headers.append((name, value))
        self._count_head(len(name) + len(value) + 4)
        if name == b"content-length" and value.isdigit() and int(value) > self._limits.body:
            raise self._body_too_large()
        if name == b"expect":
            if value.lower() != b"100-continue":
                raise _RefusedError(417, "only 100-continue can be expected here")
            self._expects_continue = True

    def on_headers_complete(self) -> None:
        self._head_complete = True

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > self._limits.body:
            raise self._body_too_large()
        self._body.append(part)

    def on_message_complete(self) -> None:
        target = self._target
        if not target.startswith(b"/"):
            target = _origin_form(target)
        path, _, query = target.decode("latin-1").partition("?")
        self._events.append(
            Request(
                method=self._parser.get_method().decode("ascii"),
                path=path,
                query=query,
                headers=self._headers,
                body=b"".join(self._body) if len(self._body) != 1 else self._body[0],
                keep_alive=self._parser.should_keep_alive(),
                peer=self._peer,
                version=self._parser.get_http_version(),
            )
        )
        self.on_message_begin()
        self.is_between_requests = True

    def _count_head(self, length: int) -> None:
        self._head_bytes += length
        if self._head_bytes > self._limits.head:
            raise _RefusedError(431, f"the head of a request may have {self._limits.head} bytes")

    def _watch_head(self, length: int) -> None:
        """Bound what the parser holds of one endless header, and tell of a client that waits for a 100."""
        if self.is_between_requests:
            return
        if not self._head_complete:
            self._fed_bytes += 0 if self._events else length
            if self._fed_bytes > self._limits.head:
                self._refuse(431, f"the head of a request may have {self._limits.head} bytes")
        elif self._expects_continue:
            self._expects_continue = False
            if not self._body_bytes:
                self._events.append(ExpectsContinue())

    def _decline_upgrade(self) -> None:
        """An upgrade may be ignored (RFC 9110, 7.8): the request is answered, and the connection closed after it."""
        self._closed = True
        if self._events and isinstance(self._events[-1], Request):
            request = self._events.pop()
            assert isinstance(request, Request)
            self._events.append(msgspec.structs.replace(request, keep_alive=False))
        else:
            self._refuse(400, "this server speaks HTTP/1.1 alone")

    def _body_too_large(self) -> _RefusedError:
        return _RefusedError(413, f"a body may have {self._limits.body} bytes")

    def _refuse(self, status: int, text: str) -> None:
        self._closed = True
        self._events.append(Refusal(status, text))


class _RefusedError(Exception):
    """Raised within a callback of the parser."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def _origin_form(target: bytes) -> bytes:
    """Return the path and query of an absolute target (``http://host/path?query``), as proxies send it."""
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        return b"/" + target
    return (url.path or b"/") + (b"?" + url.query if url.query else b"")
