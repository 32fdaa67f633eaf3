"""Bodies: unpacked, never beyond a bound."""

from __future__ import annotations

import zlib

from vedette_server.scrape.errors import LimitError, ResponseError

_GZIP = zlib.MAX_WBITS + 16


def decode_body(body: bytes, encoding: str, limit: int) -> bytes:
    """Return the page in a body with the Content-Encoding ``encoding``.

    Args:
        body: As it came.
        encoding: ``gzip``, ``identity`` or empty.
        limit: The most bytes of a page; 0 for no limit.

    Raises:
        LimitError: the page is larger; nothing beyond the limit has been unpacked.
        ResponseError: the encoding is another one, or the stream is damaged.
    """
    if encoding in ("", "identity"):
        if limit and len(body) > limit:
            raise too_large(limit)
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise ResponseError(f"the page is encoded as {encoding!r}; gzip was asked for")
    try:
        return _gunzip(body, limit)
    except zlib.error as error:
        raise ResponseError(f"damaged gzip stream: {error}") from error


def too_large(limit: int) -> LimitError:
    """The error of a page that is larger than ``limit``."""
    return LimitError(f"the page is larger than body_size_limit, {limit} bytes")


def _gunzip(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit
    while body:
        member = zlib.decompressobj(_GZIP)
        part = member.decompress(body, room + 1) if limit else member.decompress(body)
        room -= len(part)
        if limit and room < 0:
            raise too_large(limit)
        if not member.eof:
            raise ResponseError("the gzip stream is cut short")
        parts.append(part)
        body = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)
