"""Requests and responses as values, and a response as the bytes that go over the wire."""

from __future__ import annotations

import email.utils
import functools
import http
import re
import time
from collections.abc import Sequence

import msgspec

TEXT = "text/plain; charset=utf-8"

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}
_FORBIDDEN_IN_HEADERS = re.compile(r"[\r\n\0]")
_BODILESS = frozenset({204, 304})


class Request(msgspec.Struct, frozen=True):
    """One whole request.

    Attributes:
        method: ``GET``, ``POST``, …
        path: The path as it was sent, percent signs and all, without the query.
        query: What follows the question mark, as it was sent; empty without one.
        headers: (name in lower case, value), in the order in which they came.
        body: With the chunks of a chunked body joined; a Content-Encoding is left to the handler.
        keep_alive: Whether the client wants to go on with the connection.
        peer: The client's address.
        version: Of HTTP, ``1.1`` or ``1.0``.
    """

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    keep_alive: bool = True
    peer: str = ""
    version: str = "1.1"

    def header(self, name: str) -> str:
        """The value of the header ``name`` (in lower case), joined by commas where it stands twice; empty if absent."""
        wanted = name.encode("ascii")
        values = [value for key, value in self.headers if key == wanted]
        return (values[0] if len(values) == 1 else b", ".join(values)).decode("latin-1")


class Response(msgspec.Struct, frozen=True):
    """What answers a request. ``headers`` are those beside Content-Type, Content-Length, Connection and Date."""

    status: int = 200
    body: bytes = b""
    content_type: str = TEXT
    headers: Sequence[tuple[str, str]] = ()


def encode_response(response: Response, *, keep_alive: bool = True, head_only: bool = False) -> bytes:
    """Return ``response`` as bytes; ``head_only`` leaves the body out, as HEAD wants it.

    Raises:
        ValueError: a header holds a line break.
    """
    status = response.status
    if keep_alive and not head_only and not response.headers and status not in _BODILESS:
        begin = _common_head(status, response.content_type, http_date())
        return b"%b%d\r\n\r\n%b" % (begin, len(response.body), response.body)
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", f"Date: {http_date()}"]
    if status not in _BODILESS:
        lines += [f"Content-Type: {response.content_type}", f"Content-Length: {len(response.body)}"]
    for name, value in response.headers:
        if _FORBIDDEN_IN_HEADERS.search(f"{name}{value}"):
            raise ValueError(f"a line break in the response header {name!r}")
        lines.append(f"{name}: {value}")
    if not keep_alive:
        lines.append("Connection: close")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only or status in _BODILESS else head + response.body


@functools.lru_cache(maxsize=16)
def _common_head(status: int, content_type: str, date: str) -> bytes:
    """The head of a response without headers of its own, up to the length."""
    reason = _REASONS.get(status, "")
    head = f"HTTP/1.1 {status} {reason}\r\nDate: {date}\r\nContent-Type: {content_type}\r\nContent-Length: "
    return head.encode("latin-1")


_date_cache = (0, "")


def http_date() -> str:
    """The time now, as the header ``Date`` has it."""
    global _date_cache  # noqa: PLW0603  formatted once a second, not once a response
    second = int(time.time())
    if _date_cache[0] != second:
        _date_cache = (second, email.utils.formatdate(second, usegmt=True))
    return _date_cache[1]
