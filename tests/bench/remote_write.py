"""Prometheus' remote write 1.0: samples as the protobuf message that every peer takes, laid out by NumPy.

Sources: prompb/remote.proto and types.proto of the protocol (field numbers); the format description of snappy, whose
literals hold bytes as they are.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from vedette_shared.errors import VedetteError
from vedette_shared.labels import Labels

_LITERAL = 63 << 2
"""The tag of a literal whose length less one stands in the next four bytes."""

_SAMPLE_BYTES = 18
_TIME_BYTES = 6
HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def encode_series(labels: Labels, timestamps: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
    """One ``TimeSeries`` as a field of a ``WriteRequest``; ``timestamps`` (ms) and ``values`` have one length."""
    pairs = b"".join(_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in sorted(labels))
    return _field(1, pairs + _samples(timestamps, values))


def _samples(timestamps: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
    """The ``Sample`` fields: a double, then a time, which takes six bytes from 2004 to 2109."""
    rows = np.empty((len(timestamps), _SAMPLE_BYTES), np.uint8)
    rows[:, :3] = (2 << 3 | 2, _SAMPLE_BYTES - 2, 1 << 3 | 1)
    rows[:, 3:11] = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 8)
    rows[:, 11] = 2 << 3
    for place in range(_TIME_BYTES):
        more = 0x80 if place < _TIME_BYTES - 1 else 0
        rows[:, 12 + place] = timestamps >> 7 * place & 0x7F | more
    return rows.tobytes()


def write(port: int, series: Iterable[bytes]) -> None:
    """Send series to the peer on ``port`` of the loopback in one request.

    Raises:
        VedetteError: the peer refused them.
    """
    body = b"".join(series)
    packed = _varint(len(body)) + bytes([_LITERAL]) + (len(body) - 1).to_bytes(4, "little") + body
    path = "/api/v1/write"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", path, packed, HEADERS)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status not in (200, 204):
        raise VedetteError(f"{path} on port {port} answered {answer.status}: {text[:200].decode(errors='replace')}")


def write_all(port: int, series: Sequence[bytes], at_once: int = 500) -> None:
    """Send series in requests of ``at_once``."""
    for first in range(0, len(series), at_once):
        write(port, series[first : first + at_once])


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
