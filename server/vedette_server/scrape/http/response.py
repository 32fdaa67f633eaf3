"""Reads one response: bytes in, and in the end its status, headers and body; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

import httptools

from vedette_server.scrape.errors import ResponseError
from vedette_server.scrape.http.body import too_large

HEAD_LIMIT = 65_536


@dataclass(slots=True)
class Response:
    """A response; whole once ``is_whole``.

    Attributes:
        status: Its number.
        headers: By name in lower case; of several of one name the last.
        body: As it came, chunks joined.
        keep_alive: Whether the connection can serve another request.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    keep_alive: bool = False
    is_whole: bool = False

    def header(self, name: str) -> str:
        """The value of a header, by its name in lower case; empty if it is absent."""
        return self.headers.get(name, "")


class ResponseReader:
    """Takes the bytes of one response.

    Args:
        body_limit: The most bytes of a body, 0 for no limit.
    """

    def __init__(self, body_limit: int) -> None:
        self.response = Response()
        self._parser = httptools.HttpResponseParser(self)
        self._limit = body_limit
        self._head_bytes = 0
        self._has_head = False
        self._parts: list[bytes] = []
        self._body_bytes = 0

    @property
    def has_begun(self) -> bool:
        """Whether any byte has come."""
        return self._head_bytes > 0

    def feed(self, data: bytes) -> Response | None:
        """Take more bytes, or with none of them the end of the stream; return the response once it is whole.

        Raises:
            ResponseError: this is no HTTP, the head is too large, or the stream ended too early.
            LimitError: the body is too large.
        """
        if not data:
            return self._end()
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ResponseError(f"not an HTTP/1.1 response: {error}") from error
        if not self._has_head and self._head_bytes > HEAD_LIMIT:
            raise ResponseError(f"the headers are larger than {HEAD_LIMIT} bytes")
        if self._limit and self._body_bytes > self._limit:
            raise too_large(self._limit)
        return self._finished() if self.response.is_whole else None

    def _end(self) -> Response:
        if not self._has_head:
            raise ResponseError("the connection was closed before an answer")
        if "content-length" in self.response.headers or "transfer-encoding" in self.response.headers:
            raise ResponseError("the connection was closed in the middle of the page")
        self.response.keep_alive = False
        return self._finished()

    def _finished(self) -> Response:
        self.response.is_whole = True
        self.response.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        return self.response

    # What httptools calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        self.response.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.response.status = self._parser.get_status_code()
        self._has_head = True

    def on_body(self, data: bytes) -> None:
        self._body_bytes += len(data)
        self._parts.append(data)

    def on_message_complete(self) -> None:
        self.response.is_whole = True
        self.response.keep_alive = self._parser.should_keep_alive()
