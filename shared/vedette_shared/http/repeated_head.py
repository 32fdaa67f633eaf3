"""Heads that a client sends again and again, the same but for the length of the body: parsed once, then compared."""

from __future__ import annotations

import re

import msgspec

from vedette_shared.http.messages import Request

_LENGTH = re.compile(rb"\r\ncontent-length: ?([0-9]+)\r\n", re.IGNORECASE)
_NAME = b"content-length"
_MOST_DIGITS = 7
"""A longer body does not come in one piece."""


class RepeatedHead:
    """The head of a request with a stated length that kept its connection open, and what was made of it."""

    __slots__ = ("_after", "_before", "_headers", "_length_at", "_request")

    def __init__(self, before: bytes, after: bytes, request: Request, length_at: int) -> None:
        """``before`` and ``after`` stand around the digits; ``length_at`` is the place of the length's header."""
        self._before = before
        self._after = after
        self._request = request
        self._headers = list(request.headers)
        self._length_at = length_at

    def request(self, data: bytes) -> Request | None:
        """Return the request if ``data`` is one with this head, the whole of it and nothing more."""
        if not data.startswith(self._before):
            return None
        begin = len(self._before)
        end = data.find(b"\r", begin, begin + _MOST_DIGITS + 1)
        digits = data[begin:end]
        if not digits.isdigit() or not data.startswith(self._after, end):
            return None
        body_at = end + len(self._after)
        if len(data) - body_at != int(digits):
            return None
        headers = self._headers.copy()
        headers[self._length_at] = (_NAME, digits)
        known = self._request
        return Request(known.method, known.path, known.query, headers, data[body_at:], known.keep_alive, known.peer)


def repeated_head(data: bytes, event: object) -> RepeatedHead | None:
    """Return what is to be known of the head of ``data``, which held just the request ``event``; ``None`` if nothing.

    The caller has seen to it that the parser took the very same bytes.
    """
    if not isinstance(event, Request) or not event.keep_alive or not event.body:
        return None
    names = [name for name, _ in event.headers]
    if names.count(_NAME) != 1 or b"transfer-encoding" in names or b"expect" in names:
        return None
    head = data[: len(data) - len(event.body)]
    found = list(_LENGTH.finditer(head))
    if len(found) != 1 or int(found[0][1]) != len(event.body):
        return None
    before, after = head[: found[0].start(1)], head[found[0].end(1) :]
    return RepeatedHead(before, after, msgspec.structs.replace(event, body=b""), names.index(_NAME))
