"""Responses, byte by byte, and their bodies, within bounds."""

from __future__ import annotations

import gzip

import pytest

from vedette_server.scrape.errors import LimitError, ResponseError
from vedette_server.scrape.http import decode_body
from vedette_server.scrape.http.response import HEAD_LIMIT, Response, ResponseReader


def _read(data: bytes, *, step: int, limit: int = 0, end: bool = False) -> Response | None:
    reader = ResponseReader(limit)
    for at in range(0, len(data), step):
        response = reader.feed(data[at : at + step])
        if response is not None:
            return response
    return reader.feed(b"") if end else None


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("data", "body", "keep_alive", "end"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n", b"a 1\n", True, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True, False),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n2\r\n1\n\r\n0\r\n\r\n",
            b"a 1\n",
            True,
            False,
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", b"a", False, False),
        (b"HTTP/1.0 200 OK\r\n\r\na 1\n", b"a 1\n", False, True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na 1\n", b"a 1\n", False, True),
    ],
)
def test_a_response_is_read_in_pieces_of_any_size(
    data: bytes, body: bytes, keep_alive: bool, end: bool, step: int
) -> None:
    response = _read(data, step=step, end=end)
    assert response is not None
    assert (response.status, response.body, response.keep_alive) == (200, body, keep_alive)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "closed before an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-", "closed before an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na 1\n", "closed in the middle of the page"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na ", "closed in the middle of the page"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not an HTTP/1.1 response"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Pad: y\r\n" * HEAD_LIMIT, "headers are larger"),
    ],
)
def test_a_broken_response_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ResponseError, match=message):
        _read(data, step=4096, end=True)


def test_a_body_beyond_the_limit_is_refused_before_it_is_whole() -> None:
    reader = ResponseReader(1000)
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 1000) is None
    with pytest.raises(LimitError, match="larger than body_size_limit, 1000 bytes"):
        reader.feed(b"x")


def test_gzip_members_are_joined() -> None:
    body = gzip.compress(b"a 1\n") + gzip.compress(b"b 2\n")
    assert decode_body(body, "gzip", 100) == decode_body(body, "gzip", 0) == b"a 1\nb 2\n"


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_an_unpacked_body_is_taken_as_it_is(encoding: str) -> None:
    assert decode_body(b"a 1\n", encoding, 4) == b"a 1\n"


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (b"12345", "", LimitError),
        (gzip.compress(b"12345"), "gzip", LimitError),
        (gzip.compress(b"123") + gzip.compress(b"45"), "gzip", LimitError),
        (gzip.compress(bytes(10**8)), "gzip", LimitError),
        (gzip.compress(b"1234")[:-4], "gzip", ResponseError),
        (gzip.compress(b"1234") + b"junk", "gzip", ResponseError),
        (b"1234", "gzip", ResponseError),
        (b"1234", "br", ResponseError),
    ],
)
def test_a_body_that_cannot_be_a_page_is_refused(body: bytes, encoding: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        decode_body(body, encoding, 4)
