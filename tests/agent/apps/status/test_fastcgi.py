"""FastCGI as the specification 1.0 has it, and what becomes of answers that are not."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.apps.status.errors import FastCgiError
from vedette_agent.apps.status.fastcgi import Reader, Response, encode_request

END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, GET_VALUES_RESULT = 3, 4, 5, 6, 7, 10
HEAD = b"Content-Type: text/plain\r\n\r\n"
HEADERS = (("content-type", "text/plain"),)


def record(kind: int, content: bytes = b"", request_id: int = 1, padding: int = 0) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, request_id, len(content), padding) + content + bytes(padding)


def end(protocol_status: int = 0) -> bytes:
    return record(END_REQUEST, struct.pack(">IB3x", 0, protocol_status))


def read(answer: bytes, most_bytes: int = 10_000) -> Response | None:
    return Reader(most_bytes=most_bytes).feed(answer)


def records_of(request: bytes) -> list[tuple[int, int, bytes]]:
    """Type, request and content of each record."""
    found, at = [], 0
    while at < len(request):
        version, kind, request_id, length, padding = struct.unpack_from(">BBHHBx", request, at)
        assert version == 1
        found.append((kind, request_id, request[at + 8 : at + 8 + length]))
        at += 8 + length + padding
    assert at == len(request)
    return found


def pairs_of(stream: bytes) -> dict[str, str]:
    """Decode name-value pairs as section 3.4 has them."""
    pairs, at = {}, 0

    def length() -> int:
        nonlocal at
        if stream[at] < 128:
            at += 1
            return stream[at - 1]
        at += 4
        return int.from_bytes(stream[at - 4 : at], "big") & 0x7FFFFFFF

    while at < len(stream):
        name, value = length(), length()
        pairs[stream[at : at + name].decode()] = stream[at + name : at + name + value].decode()
        at += name + value
    return pairs


def test_request() -> None:
    """The very bytes of a small request."""
    assert encode_request({"A": "b" * 128}, request_id=0x0102) == (
        b"\x01\x01\x01\x02\x00\x08\x00\x00" + b"\x00\x01\x00\x00\x00\x00\x00\x00"
        b"\x01\x04\x01\x02\x00\x86\x02\x00" + b"\x01\x80\x00\x00\x80A" + b"b" * 128 + b"\x00\x00"
        b"\x01\x04\x01\x02\x00\x00\x00\x00"
        b"\x01\x05\x01\x02\x00\x00\x00\x00"
    )  # fmt: skip


@pytest.mark.parametrize("request_id", [0, -1, 65536])
def test_request_of_no_id(request_id: int) -> None:
    with pytest.raises(ValueError, match=f"request id {request_id} is not from 1 to 65535"):
        encode_request({}, request_id)


@given(st.dictionaries(st.text(max_size=200), st.text(max_size=200)), st.integers(1, 65535))
def test_params_survive(params: dict[str, str], request_id: int) -> None:
    (begin, *streams) = records_of(encode_request(params, request_id))
    assert begin == (1, request_id, b"\0\1\0\0\0\0\0\0")
    assert streams[-2:] == [(PARAMS, request_id, b""), (STDIN, request_id, b"")]
    assert pairs_of(b"".join(content for _, _, content in streams)) == params


def test_params_of_more_than_a_record() -> None:
    params = {"A": "x" * 150_000, "B": "y"}
    records = records_of(encode_request(params))
    assert [len(content) for kind, _, content in records if kind == PARAMS] == [65535, 65535, 18940, 0]
    assert pairs_of(b"".join(content for kind, _, content in records if kind == PARAMS)) == params


@given(
    body=st.binary(max_size=300),
    stderr=st.binary(max_size=50),
    sizes=st.lists(st.integers(1, 40), max_size=20),
    cuts=st.lists(st.integers(1, 30), max_size=30),
    padding=st.integers(0, 255),
)
def test_response_in_any_pieces(body: bytes, stderr: bytes, sizes: list[int], cuts: list[int], padding: int) -> None:
    """However application and network cut it, the response is the same, at its last byte."""
    stream, answer = HEAD + body, b""
    for size in [*sizes, len(stream)]:
        answer += record(STDOUT, stream[:size], padding=padding)
        stream = stream[size:]
    answer += record(STDERR, stderr) + record(STDOUT) + record(STDERR) + end()
    reader, responses = Reader(), []
    for cut in [*cuts, len(answer)]:
        piece, answer = answer[:cut], answer[cut:]
        if piece:
            responses.append(reader.feed(piece))
    assert responses == [None] * (len(responses) - 1) + [Response(200, HEADERS, body, stderr)]


@given(st.binary(min_size=1, max_size=500))
def test_any_bytes(data: bytes) -> None:
    """Bytes of something else are an error or wait for more; never anything else."""
    reader = Reader()
    try:
        assert reader.feed(data) is None
    except FastCgiError:
        return
    with pytest.raises(FastCgiError):
        reader.feed(b"")


@pytest.mark.parametrize(
    ("stdout", "expected"),
    [
        (b"A: b\r\n\r\n", Response(200, (("a", "b"),), b"")),
        (b"A: b\n\nbody\r\n\r\n", Response(200, (("a", "b"),), b"body\r\n\r\n")),
        (b"Status: 404 Not Found\r\n\r\n?", Response(404, (("status", "404 Not Found"),), b"?")),
        (b"STATUS:503\r\nX:\r\n\r\n", Response(503, (("status", "503"), ("x", "")), b"")),
    ],
)
def test_heads(stdout: bytes, expected: Response) -> None:
    assert read(record(STDOUT, stdout) + end()) == expected


def test_records_of_others() -> None:
    """Records of the connection and of requests never made are passed over."""
    answer = (
        record(GET_VALUES_RESULT, b"\0\0", request_id=0)
        + record(STDOUT, b"another's", request_id=2)
        + record(STDOUT, HEAD + b"ours")
        + end()
        + b"what follows"
    )
    assert read(answer) == Response(200, HEADERS, b"ours")


def test_stderr_is_cut() -> None:
    """A talkative application is heard to 4096 bytes."""
    answer = record(STDERR, b"a" * 4000) + record(STDERR, b"b" * 4000) + record(STDERR, b"c") + record(STDOUT, HEAD)
    assert read(answer + end()) == Response(200, HEADERS, b"", b"a" * 4000 + b"b" * 96)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "not FastCGI: a record begins with 'HTTP/1.1 400 Bad Request'"),
        (record(99), "FastCGI: a record of type 99 is none that answers a request"),
        (record(END_REQUEST, b"\0"), "FastCGI: the record that ends the request has 1 bytes, not 8"),
        (end(1), "FastCGI: the application refused the request: it cannot take another request on this connection"),
        (end(2), "FastCGI: the application refused the request: it is overloaded"),
        (end(3), "FastCGI: the application refused the request: it does not know the role"),
        (record(STDERR, b"!") + end(9), "FastCGI: the application refused the request: protocol status 9; it said '!'"),
        (end(), "FastCGI: no head in the response ''"),
        (record(STDERR, b"died") + end(), "FastCGI: no head in the response ''; it said 'died'"),
        (record(STDOUT, b"just text\n") + end(), "FastCGI: no head in the response 'just text'"),
        (record(STDOUT, b"just text\n\n") + end(), "FastCGI: 'just text' is not a header"),
        (record(STDOUT, b"\r\n\r\nbody") + end(), "FastCGI: '' is not a header"),
        (record(STDOUT, b"Status: fine\r\n\r\n") + end(), "FastCGI: 'fine' is not a status"),
        (record(STDOUT, HEAD) + record(STDOUT, b"x" * 10_000), "FastCGI: the answer is larger than 10000 bytes"),
    ],
)  # fmt: skip
def test_faults(answer: bytes, error: str) -> None:
    with pytest.raises(FastCgiError) as raised:
        read(answer)
    assert str(raised.value) == error


@pytest.mark.parametrize("size", range(1, len(record(STDOUT, HEAD) + end())))
def test_torn(size: int) -> None:
    """A connection that ends within the answer is told as such, wherever it ends."""
    reader = Reader()
    assert reader.feed((record(STDOUT, HEAD) + end())[:size]) is None
    with pytest.raises(FastCgiError, match=r"^FastCGI: the connection ended before the response did$"):
        reader.feed(b"")
