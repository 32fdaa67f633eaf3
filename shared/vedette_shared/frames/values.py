"""Vectors of doubles on the wire: XOR with the vector before, then byte planes; quick without numpy."""

from __future__ import annotations

import struct

VALUE_BYTES = 8

STALE_BITS = 0x7FF0_0000_0000_0002
"""The bits of Prometheus' stale marker: the series ended here."""

ABSENT_BITS = 0x7FF4_5645_4400_0000
"""The bits of a value that was not reported, although the layout has its series."""

STALE_NAN: float = struct.unpack("<d", STALE_BITS.to_bytes(VALUE_BYTES, "little"))[0]
ABSENT: float = struct.unpack("<d", ABSENT_BITS.to_bytes(VALUE_BYTES, "little"))[0]


def xor(values: bytes, base: bytes) -> bytes:
    """Return the XOR of two byte strings of the same length. It is its own inverse."""
    difference = int.from_bytes(values, "little") ^ int.from_bytes(base, "little")
    return difference.to_bytes(len(values), "little")


def to_planes(values: bytes) -> bytes:
    """Return the first byte of every double, then every second byte, up to the eighth."""
    return b"".join([values[plane::VALUE_BYTES] for plane in range(VALUE_BYTES)])


def from_planes(planes: bytes | memoryview) -> bytes:
    """The inverse of ``to_planes``."""
    count = len(planes) // VALUE_BYTES
    values = bytearray(len(planes))
    for plane in range(VALUE_BYTES):
        values[plane::VALUE_BYTES] = planes[plane * count : (plane + 1) * count]
    return bytes(values)
