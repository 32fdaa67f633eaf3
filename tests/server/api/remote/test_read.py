"""Remote read, message by message."""

import contextlib
import struct
from collections.abc import Iterator

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.api.app import Rig, two_hosts
from tests.server.promql.memory import MemoryQuerier
from vedette_server.api.remote.messages import ReadQuery, ReadRequest, decode_request, encode_response
from vedette_server.api.remote.protobuf import ProtobufError, encode_field, encode_varint, fields, to_signed
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.frames import STALE_NAN
from vedette_shared.labels import make_labels

NAME = Matcher("__name__", MatchOp.EQUAL, "x_total")


def number(field: int, value: int) -> bytes:
    return encode_varint(field << 3) + encode_varint(value % 2**64)


def matcher(name: str, op: int, value: str) -> bytes:
    return encode_field(3, number(1, op) + encode_field(2, name.encode()) + encode_field(3, value.encode()))


def query(start: int, end: int, *matchers: bytes) -> bytes:
    return encode_field(1, number(1, start) + number(2, end) + b"".join(matchers))


REQUESTS = [
    (b"", ReadRequest((), ())),
    (query(5, 9), ReadRequest((ReadQuery(5, 9, ()),), ())),
    (query(-5, -1, matcher("__name__", 0, "x_total")), ReadRequest((ReadQuery(-5, -1, (NAME,)),), ())),
    (
        query(0, 1, *(matcher("a", op, "b") for op in range(4))) + query(2, 3),
        ReadRequest(
            (ReadQuery(0, 1, tuple(Matcher("a", op, "b") for op in MatchOp)), ReadQuery(2, 3, ())),
            (),
        ),
    ),
    (number(2, 1) + number(2, 0), ReadRequest((), (1, 0))),
    (encode_field(2, b"\x01\x00"), ReadRequest((), (1, 0))),
    (
        encode_field(1, encode_field(4, b"hints") + b"\x49" + bytes(8) + b"\x4d" + bytes(4) + number(2, 7)),
        ReadRequest((ReadQuery(0, 7, ()),), ()),
    ),
]


@pytest.mark.parametrize(("message", "request_"), REQUESTS)
def test_requests(message: bytes, request_: ReadRequest) -> None:
    assert decode_request(message) == request_


MALFORMED = [
    (b"\x0a", "cut short"),
    (b"\x0a\x05ab", "field 1 is cut short"),
    (b"\x0b", "field 1 has the unknown wire type 3"),
    (b"\xff" * 11, "a number has more than 10 bytes"),
    (number(1, 5), "a number stands where a message should"),
    (query(0, 1, matcher("a", 4, "b")), "a matcher has the unknown type 4"),
    (query(0, 1, encode_field(3, encode_field(2, b"\xff"))), "a text is not UTF-8"),
    (encode_field(2, b"\x80\x01"), "an unknown type of answers is accepted"),
]


@pytest.mark.parametrize(("message", "error"), MALFORMED)
def test_malformed_requests(message: bytes, error: str) -> None:
    with pytest.raises(ProtobufError, match=error):
        decode_request(message)


@given(st.binary(max_size=60))
def test_no_bytes_do_harm(message: bytes) -> None:
    """Whatever comes is a request or an error."""
    with contextlib.suppress(ProtobufError):
        decode_request(message)


Series = tuple[dict[str, str], list[tuple[int, float]]]


def decode_response(message: bytes) -> Iterator[list[Series]]:
    """A second reading of FORMAT.md, for answers."""
    for _, result in fields(memoryview(message)):
        series = []
        for _, one in fields(result):  # type: ignore[arg-type]
            labels: dict[str, str] = {}
            samples: list[tuple[int, float]] = []
            for field, content in fields(one):  # type: ignore[arg-type]
                inner = dict(fields(content))  # type: ignore[arg-type]
                if field == 1:
                    labels[bytes(inner[1]).decode()] = bytes(inner[2]).decode()  # type: ignore[arg-type]
                else:
                    samples.append((to_signed(inner[2]), struct.unpack("<d", inner[1])[0]))  # type: ignore[arg-type]
            series.append((labels, samples))
        yield series


SAMPLES = st.dictionaries(
    st.integers(-(2**62), 2**62), st.floats(allow_nan=False) | st.just(0.0), min_size=1, max_size=5
)


@given(st.lists(SAMPLES, max_size=4))
def test_responses(series: list[dict[int, float]]) -> None:
    """Any times and values come back, series sorted by their labels."""
    querier = MemoryQuerier()
    expected = []
    for i, samples in reversed(list(enumerate(series))):
        labels = {"__name__": "x", "i": str(i)}
        querier.add(make_labels(labels), sorted(samples.items()))
        expected.insert(0, (labels, sorted(samples.items())))
    found = querier.select([], -(2**62), 2**62)
    assert list(decode_response(encode_response([found, querier.select([], 0, -1)]))) == [expected, []]


def test_stale_markers_pass_bit_for_bit() -> None:
    querier = MemoryQuerier()
    querier.add(make_labels(a="b"), [(1, STALE_NAN), (2, float("nan"))])
    message = encode_response([querier.select([], 0, 9)])
    expected = [struct.pack("<d", value) for value in (STALE_NAN, float("nan"))]
    assert [bits in message for bits in expected] == [True, True]


async def test_a_read() -> None:
    """Both ends of the range belong to it; each query has its result."""
    body = query(20_000, 40_000, matcher("host", 0, "b")) + query(0, 0, matcher("host", 2, ".+"))
    async with Rig(two_hosts()).client() as client:
        answer = await client.post("/api/v1/read", content=bytes(cramjam.snappy.compress_raw(body)))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert answer.headers["content-encoding"] == "snappy"
    a, b = ({"__name__": "x_total", "host": host} for host in "ab")
    results = list(decode_response(bytes(cramjam.snappy.decompress_raw(answer.content))))
    assert results == [
        [(b, [(20_000, 40.0), (30_000, 60.0), (40_000, 80.0)])],
        [(a, [(0, 0.0)]), (b, [(0, 0.0)])],
    ]


ALL = matcher("host", 2, ".+")
REFUSALS = [
    (b"no snappy", 400, "the body is not a request for remote read: snappy: "),
    (bytes(cramjam.snappy.compress_raw(b"\x0b")), 400, "the body is not a request for remote read: field 1 has"),
    (bytes(cramjam.snappy.compress_raw(bytes(2**20 + 1))), 413, "the request has more than 1048576 bytes"),
    (bytes(cramjam.snappy.compress_raw(number(2, 1))), 400, "only answers of the type SAMPLES are given"),
    (bytes(cramjam.snappy.compress_raw(query(0, 100_000, ALL))), 422, "the query would load more than 20 samples"),
    (bytes(cramjam.snappy.compress_raw(query(0, 90_000, ALL) * 2)), 422, "the query would load more than 1 samples"),
]


@pytest.mark.parametrize(("body", "status", "error"), REFUSALS)
async def test_refusals(body: bytes, status: int, error: str) -> None:
    async with Rig(two_hosts()).client() as client:
        answer = await client.post("/api/v1/read", content=body)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(error)


def test_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response does not depend on how many samples are laid out at once."""
    querier = MemoryQuerier()
    querier.add(make_labels(a="b"), [(int(time), 1.0) for time in np.arange(-5, 300)])
    whole = encode_response([querier.select([], -5, 300)])
    monkeypatch.setattr("vedette_server.api.remote.messages._PORTION", 7)
    assert encode_response([querier.select([], -5, 300)]) == whole
