"""Protocol buffers by hand: the few wire types that FORMAT.md needs."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BYTES = 10


class ProtobufError(ValueError):
    """Bytes are not a message."""


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the fields of a message as (number, value): an unsigned integer, or the bytes of what has a length.

    Raises:
        ProtobufError: the message is cut short or of an unknown wire type.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ProtobufError(f"field {number} has the unknown wire type {kind}")
        if size > len(message) - at:
            raise ProtobufError(f"field {number} is cut short")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return (the number at ``at``, where it ends)."""
    value = 0
    for i in range(_MAX_VARINT_BYTES):
        if at >= len(message):
            raise ProtobufError("a number is cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ProtobufError(f"a number has more than {_MAX_VARINT_BYTES} bytes")


def encode_varint(value: int) -> bytes:
    """Return an unsigned integer as a varint."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_field(number: int, content: bytes) -> bytes:
    """Return a field with a length."""
    return b"%b%b%b" % (encode_varint(number << 3 | BYTES), encode_varint(len(content)), content)


def to_signed(value: int) -> int:
    """Return the int64 that a varint stands for."""
    return value - 2**64 if value >= 2**63 else value
