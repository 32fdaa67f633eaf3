"""Requests are read whole, however their bytes are cut; what cannot be read is refused once and bounded."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_shared.http import ExpectsContinue, Limits, Refusal, Request, RequestReader

LIMITS = Limits(head=200, body=10)

GET = b"GET /metrics?a=1&b HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\n\r\n"
GOT = Request("GET", "/metrics", "a=1&b", [(b"host", b"x"), (b"accept", b"text/plain")])

HOST = [(b"host", b"x")]


CASES = [
    pytest.param(GET, [GOT], id="no body"),
    pytest.param(GET + GET, [GOT, GOT], id="pipelined"),
    pytest.param(
        b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        [Request("POST", "/p", "", [*HOST, (b"content-length", b"3")], b"abc")],
        id="length",
    ),
    pytest.param(
        b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
        [Request("POST", "/p", "", [*HOST, (b"transfer-encoding", b"chunked")], b"abc")],
        id="chunked",
    ),
    pytest.param(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        [Request("GET", "/", "", [*HOST, (b"connection", b"close")], keep_alive=False)],
        id="close",
    ),
    pytest.param(
        b"GET / HTTP/1.0\r\n\r\n", [Request("GET", "/", headers=[], keep_alive=False, version="1.0")], id="HTTP/1.0"
    ),
    pytest.param(
        b"GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n", [Request("GET", "/a", "b", HOST)], id="absolute target"
    ),
    pytest.param(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        [Request("GET", "/", "", [*HOST, (b"connection", b"Upgrade"), (b"upgrade", b"h2c")], keep_alive=False)],
        id="an upgrade is ignored",
    ),
    pytest.param(b"nonsense\r\n\r\n", [400], id="no HTTP"),
    pytest.param(GET + b"nonsense\r\n\r\n", [GOT, 400], id="a good one, then no HTTP"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400], id="HTTP/2"),
    pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", [413], id="announced too large"),
    pytest.param(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n",
        [413],
        id="chunks too large",
    ),
    pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 200 + b"\r\n\r\n", [431], id="head too large"),
    pytest.param(b"GET /" + b"x" * 500, [431], id="endless target"),
    pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 500, [431], id="endless header"),
    pytest.param(b"POST / HTTP/1.1\r\nExpect: a miracle\r\n\r\n", [417], id="an unknown expectation"),
    pytest.param(
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400], id="two lengths"
    ),
    pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", [400], id="lengths differ"),
]


def read(data: bytes, step: int) -> list[Request | ExpectsContinue | Refusal | int]:
    reader = RequestReader(LIMITS)
    events = [event for at in range(0, len(data), step) for event in reader.feed(data[at : at + step])]
    return [event.status if isinstance(event, Refusal) else event for event in events]


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(("data", "expected"), CASES)
def test_reads(data: bytes, expected: list[object], step: int) -> None:
    assert read(data, step) == expected


def test_tells_when_the_client_waits_for_a_continue() -> None:
    reader = RequestReader(LIMITS)
    head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert reader.feed(head) == [ExpectsContinue()]
    assert reader.feed(b"a") == []
    (request,) = reader.feed(b"b")
    assert isinstance(request, Request)
    assert request.body == b"ab"


def test_a_client_that_does_not_wait_is_not_told_to_go_on() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    (request,) = RequestReader(LIMITS).feed(head + b"ab")
    assert isinstance(request, Request)
    assert RequestReader(LIMITS).feed(head + b"a") == []


def test_knows_when_it_is_between_requests() -> None:
    reader = RequestReader(LIMITS)
    assert reader.is_between_requests
    reader.feed(GET[:5])
    assert not reader.is_between_requests
    reader.feed(GET[5:])
    assert reader.is_between_requests


def test_headers_are_found_by_name_and_joined() -> None:
    request = Request("GET", "/", headers=[(b"accept", b"a"), (b"accept", b"b"), (b"x", b"y")])
    assert [request.header("accept"), request.header("x"), request.header("absent")] == ["a, b", "y", ""]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_read_or_refused(data: bytes, step: int) -> None:
    events = read(data, step)
    assert all(not isinstance(event, int) for event in events[:-1])


@given(st.lists(st.integers(0, len(GET) * 3)))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    reader = RequestReader(LIMITS)
    edges = [0, *sorted(cuts), len(GET) * 3]
    stream = GET * 3
    assert [e for a, b in itertools.pairwise(edges) for e in reader.feed(stream[a:b])] == [GOT] * 3


def post(body: bytes, extra: bytes = b"", length: bytes | None = None) -> bytes:
    head = b"POST /p?q HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n%s\r\n"
    return head % (b"%d" % len(body) if length is None else length, extra) + body


REPEATED = [
    pytest.param([post(b"abc"), post(b""), post(b"abcdefgh"), post(b"abc")], id="other lengths"),
    pytest.param([post(b"abc"), post(b"abcdefghijk")], id="then too large"),
    pytest.param([post(b"abc"), post(b"a") + post(b"bc"), post(b"d")], id="then pipelined"),
    pytest.param([post(b"abc"), post(b"ab")[:-1], b"b", post(b"c")], id="then in two pieces"),
    pytest.param([post(b"abc"), post(b"abc", length=b"-3")], id="then no length"),
    pytest.param([post(b"abc"), post(b"abc", length=b"003")], id="then a length with zeroes"),
    pytest.param([post(b"abc"), post(b"abc", b"Connection: close\r\n")], id="then a last one"),
    pytest.param([post(b"abc"), post(b"a", b"Content-Length: 2\r\n")], id="then two lengths"),
    pytest.param([post(b"abc", b"X: Content-Length: 3\r\n"), post(b"ab", b"X: Content-Length: 3\r\n")], id="a decoy"),
    pytest.param([post(b"abc"), GET, post(b"abcd")], id="another between"),
]


@pytest.mark.parametrize("pieces", REPEATED)
def test_a_head_that_is_repeated_reads_as_if_it_were_the_first(pieces: list[bytes]) -> None:
    reader = RequestReader(LIMITS)
    events = [event for piece in pieces for event in reader.feed(piece)]
    # In single bytes no request comes in one piece, and each head is parsed.
    told = [event.status if isinstance(event, Refusal) else event for event in events]
    assert told == read(b"".join(pieces), 1)
