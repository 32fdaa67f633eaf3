"""The messages of remote read; see FORMAT.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.api.remote.protobuf import ProtobufError, encode_field, fields, to_signed
from vedette_server.promql.columns import sort_order
from vedette_server.storage.interface import Matcher, MatchOp, SeriesSet
from vedette_shared.labels import Labels

SAMPLES = 0
OPERATIONS = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX)

_PORTION = 2**18
_SAMPLE_HEAD = 12
_MAX_VARINT_BYTES = 10


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """One query: the samples with ``start <= t <= end`` (ms) of the series that match."""

    start: int
    end: int
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A whole request. ``accepted`` are the types of answers that its client takes; none stands for SAMPLES."""

    queries: tuple[ReadQuery, ...]
    accepted: tuple[int, ...]


def decode_request(message: bytes) -> ReadRequest:
    """Return the request that ``message`` is.

    Raises:
        ProtobufError: it is none.
    """
    queries: list[ReadQuery] = []
    accepted: list[int] = []
    for number, value in fields(memoryview(message)):
        if number == 1:
            queries.append(_query(_message(value)))
        elif number == 2:
            accepted += [value] if isinstance(value, int) else _packed(value)
    return ReadRequest(tuple(queries), tuple(accepted))


def _query(message: memoryview) -> ReadQuery:
    start = end = 0
    matchers: list[Matcher] = []
    for number, value in fields(message):
        if number == 1 and isinstance(value, int):
            start = to_signed(value)
        elif number == 2 and isinstance(value, int):
            end = to_signed(value)
        elif number == 3:
            matchers.append(_matcher(_message(value)))
    return ReadQuery(start, end, tuple(matchers))


def _matcher(message: memoryview) -> Matcher:
    operation = 0
    texts = {2: "", 3: ""}
    for number, value in fields(message):
        if number == 1 and isinstance(value, int):
            operation = value
        elif number in texts:
            texts[number] = _text(_message(value))
    if operation >= len(OPERATIONS):
        raise ProtobufError(f"a matcher has the unknown type {operation}")
    return Matcher(texts[2], OPERATIONS[operation], texts[3])


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ProtobufError("a number stands where a message should")
    return value


def _text(value: memoryview) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise ProtobufError("a text is not UTF-8") from error


def _packed(value: memoryview) -> list[int]:
    if any(byte >= 0x80 for byte in value):
        raise ProtobufError("an unknown type of answers is accepted")
    return list(value)


def encode_response(results: Sequence[SeriesSet]) -> bytes:
    """Return the answer that holds ``results``, one for each query."""
    return b"".join(encode_field(1, b"".join(_time_series(result))) for result in results)


def _time_series(result: SeriesSet) -> Iterator[bytes]:
    """Yield the series, sorted, each as a field of a QueryResult."""
    samples, bounds = encode_samples(result)
    for row in sort_order(result.labels).tolist():
        start, end = bounds[result.offsets[row]], bounds[result.offsets[row + 1]]
        yield encode_field(1, _labels(result.labels.labels(row)) + samples[start:end])


def _labels(labels: Labels) -> bytes:
    return b"".join(
        encode_field(1, encode_field(1, name.encode()) + encode_field(2, value.encode())) for name, value in labels
    )


def encode_samples(result: SeriesSet) -> tuple[bytes, NDArray[np.int64]]:
    """Encode all samples as fields of their TimeSeries.

    Returns:
        (encoded, bounds): the samples one after the other, and where each begins, int64 of shape (samples + 1,).
    """
    counts = np.diff(result.offsets)
    starts = result.clocks - result.offsets[:-1]
    times = result.timestamps[np.repeat(starts, counts) + np.arange(len(result.values))]
    parts, lengths = [], []
    for first in range(0, len(times), _PORTION):
        portion = slice(first, first + _PORTION)
        encoded, sizes = _encode(times[portion], result.values[portion])
        parts.append(encoded)
        lengths.append(sizes)
    bounds = np.zeros(len(times) + 1, np.int64)
    np.cumsum(np.concatenate([np.zeros(0, np.int64), *lengths]), out=bounds[1:])
    return b"".join(parts), bounds


def _encode(times: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[bytes, NDArray[np.int64]]:
    """Lay every sample out in a row of bytes as wide as the longest may be, then take the bytes that are used."""
    rest = times.astype(np.uint64)
    row = np.zeros((len(times), _SAMPLE_HEAD + _MAX_VARINT_BYTES), np.uint8)
    digits = np.ones(len(times), np.int64)
    for i in range(_MAX_VARINT_BYTES):
        more = rest >= 0x80
        digits += more
        row[:, _SAMPLE_HEAD + i] = (rest & np.uint64(0x7F)).astype(np.uint8) | (more.astype(np.uint8) << 7)
        rest >>= np.uint64(7)
        if not more.any():
            break
    row[:, 0] = 0x12  # TimeSeries.samples
    row[:, 1] = _SAMPLE_HEAD - 2 + digits
    row[:, 2] = 0x09  # Sample.value
    row[:, 3:11] = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    row[:, 11] = 0x10  # Sample.timestamp
    sizes = _SAMPLE_HEAD + digits
    used = np.arange(row.shape[1]) < sizes[:, np.newaxis]
    return row[used].tobytes(), sizes
