"""Bodies of answers: compressed as the client likes, and large ones in pieces that are made while it reads."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol, TypeAlias

import trio
import zstandard
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from vedette_shared.exposition import choose_encoding

ENCODINGS = ("zstd", "gzip")
LEVELS = {"zstd": 1, "gzip": 1}
WHOLE_BYTES = 64 * 2**10
"""A body up to this size is sent whole, with its length."""

LEAST_COMPRESSED = 1024
"""Below this size compression gains nothing."""

_GZIP_WINDOW = 31

Pieces: TypeAlias = Iterator[bytes | memoryview]


class Compressor(Protocol):
    """What zlib and zstandard have in common."""

    def compress(self, data: bytes | memoryview, /) -> bytes: ...

    def flush(self) -> bytes: ...


class StreamedResponse(Response):
    """A body whose pieces are made, in worker threads, as fast as its client reads them.

    Args:
        pieces: Made one at a time; abandoned when the client leaves.
        media_type: The content type.
        limiter: Bounds how many pieces are made at once.
    """

    def __init__(self, pieces: Pieces, media_type: str, limiter: trio.CapacityLimiter) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.pieces = pieces
        self._limiter = limiter
        self.init_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send all of it, or as much as the client waits for."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_when_left, receive, nursery.cancel_scope)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            ahead, made = trio.open_memory_channel[bytes | memoryview](0)
            nursery.start_soon(self._make, ahead)
            async for piece in made:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            nursery.cancel_scope.cancel()

    async def _make(self, ahead: trio.MemorySendChannel[bytes | memoryview]) -> None:
        """Make a piece while the one before is being sent."""
        while (piece := await trio.to_thread.run_sync(self._next, limiter=self._limiter)) is not None:
            await ahead.send(piece)
        ahead.close()  # only here: what breaks off must not look like an end

    def _next(self) -> bytes | memoryview | None:
        """The next piece that is not empty: as a chunk that one would be the end."""
        return next(filter(len, self.pieces), None)


async def cancel_when_left(receive: Callable[[], Awaitable[Message]], scope: trio.CancelScope) -> None:
    """Cancel ``scope`` when the client of a request, whose body is read, disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def respond(pieces: Pieces, media_type: str, limiter: trio.CapacityLimiter) -> Response:
    """Answer with ``pieces``: at once where they are few, else as a stream. For a worker thread."""
    begun: list[bytes | memoryview] = []
    size = 0
    for piece in filter(len, pieces):
        begun.append(piece)
        size += len(piece)
        if size > WHOLE_BYTES:
            return StreamedResponse(_chain(begun, pieces), media_type, limiter)
    return Response(b"".join(begun), media_type=media_type)


async def compressed(request: Request, response: Response) -> Response:
    """Let ``response`` be compressed as the client of ``request`` likes it best."""
    streams = isinstance(response, StreamedResponse)
    if not streams and len(response.body) < LEAST_COMPRESSED:
        return response
    response.headers["vary"] = "accept-encoding"
    encoding = choose_encoding(request.headers.get("accept-encoding", ""), ENCODINGS)
    if encoding not in ENCODINGS or "content-encoding" in response.headers:
        return response
    response.headers["content-encoding"] = encoding
    if isinstance(response, StreamedResponse):
        response.pieces = compress(response.pieces, encoding)
        return response
    body = bytes(response.body)
    if len(body) <= WHOLE_BYTES:
        response.body = b"".join(compress(iter([body]), encoding))
    else:
        response.body = await trio.to_thread.run_sync(lambda: b"".join(compress(iter([body]), encoding)))
    response.headers["content-length"] = str(len(response.body))
    return response


def compress(pieces: Pieces, encoding: str) -> Pieces:
    """Yield the compressed form of ``pieces``."""
    compressor = _compressor(encoding)
    for piece in pieces:
        if done := compressor.compress(piece):
            yield done
    yield compressor.flush()


def _compressor(encoding: str) -> Compressor:
    if encoding == "zstd":
        return zstandard.ZstdCompressor(LEVELS[encoding]).compressobj()
    return zlib.compressobj(LEVELS[encoding], zlib.DEFLATED, _GZIP_WINDOW)


def _chain(begun: list[bytes | memoryview], rest: Pieces) -> Pieces:
    yield b"".join(begun)
    yield from rest
