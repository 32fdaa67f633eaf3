"""Reads one response: the client's side of HTTP/1.1 without I/O. The grammar is httptools'."""

from __future__ import annotations

import httptools
import msgspec

from vedette_shared.errors import VedetteError


class HttpClientError(VedetteError):
    """A server could not be reached, or did not answer as HTTP has it."""


class ClientResponse(msgspec.Struct, frozen=True):
    """One whole response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


class ResponseReader:
    """Parses one response. Its ``on_…`` methods are called by the parser alone.

    Args:
        most_body: Bytes of the body that are kept; what goes beyond is read and forgotten.
        is_strict: Whether a body that goes beyond is an error instead.
    """

    def __init__(self, most_body: int, *, is_strict: bool = False) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._most_body = most_body
        self._is_strict = is_strict
        self._is_too_large = False
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._complete = False
        self._keep_alive = False
        self.has_begun = False
        """Whether any byte has arrived."""

    def feed(self, data: bytes) -> ClientResponse | None:
        """Take bytes in; return the response once it is whole. No bytes mean the end of the connection.

        Raises:
            HttpClientError: they are no response, or the connection ended within it.
        """
        if not data:
            return self._end()
        self.has_begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise HttpClientError(f"not an HTTP response: {error}") from error
        if self._is_too_large and self._is_strict:
            raise HttpClientError(f"the answer is larger than {self._most_body} bytes")
        return self._response() if self._complete else None

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self._is_too_large = self._is_too_large or len(self._body) + len(part) > self._most_body
        self._body += part[: max(self._most_body - len(self._body), 0)]

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self._headers.clear()
            return
        self._keep_alive = self._parser.should_keep_alive()
        self._complete = True

    def _end(self) -> ClientResponse:
        delimited = "content-length" in self._headers or "transfer-encoding" in self._headers
        if not self._headers or delimited:
            raise HttpClientError("the connection was closed before the whole answer had come")
        return self._response()

    def _response(self) -> ClientResponse:
        return ClientResponse(self._parser.get_status_code(), self._headers, bytes(self._body), self._keep_alive)
