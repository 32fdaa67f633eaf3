"""The part of BER (ITU-T X.690) that SNMP uses (RFC 3417, section 8): definite lengths, tags of one byte.

Object identifiers stay in their encoded form, as ``bytes``: an identifier lies below another exactly when its bytes
begin with the other's, and a walk of thousands of values never needs their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vedette_agent.snmp.errors import MalformedError

INTEGER, OCTET_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30

_HIGH_BIT = 0x80
_FIRST_ARC = 40


def encode_tlv(tag: int, content: bytes) -> bytes:
    """Return ``content`` under ``tag`` and its length."""
    size = len(content)
    if size < _HIGH_BIT:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _HIGH_BIT | len(length))) + length + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """Return a signed integer in as few bytes as hold it."""
    return encode_tlv(
        tag,
        value.to_bytes(
            value.bit_length() // 8 + 1 if value >= 0 else (value + 1).bit_length() // 8 + 1, "big", signed=True
        ),
    )


def encode_octets(value: bytes) -> bytes:
    return encode_tlv(OCTET_STRING, value)


def encode_sequence(*parts: bytes, tag: int = SEQUENCE) -> bytes:
    return encode_tlv(tag, b"".join(parts))


def read_header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag at ``at``, and where its content begins and ends.

    Raises:
        MalformedError: it does not lie before ``end``.
    """
    if at + 2 > end:
        raise MalformedError("a message ends too early")
    tag, size = data[at], data[at + 1]
    at += 2
    if size >= _HIGH_BIT:
        count = size - _HIGH_BIT
        if not 0 < count <= 4 or at + count > end:
            raise MalformedError("a message holds a length that SNMP does not know")
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > end:
        raise MalformedError("a message ends too early")
    return tag, at, at + size


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the content of the element at ``at`` begins and ends.

    Raises:
        MalformedError: another tag stands there, or it does not lie before ``end``.
    """
    found, start, stop = read_header(data, at, end)
    if found != tag:
        raise MalformedError(f"a message holds tag 0x{found:02x} where 0x{tag:02x} belongs")
    return start, stop


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the integer at ``at`` and where the next element begins. Raises MalformedError."""
    start, stop = expect(data, at, end, INTEGER)
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def read_octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Return the octet string at ``at`` and where the next element begins. Raises MalformedError."""
    start, stop = expect(data, at, end, OCTET_STRING)
    return data[start:stop], stop


def encode_arcs(arcs: Iterable[int]) -> bytes:
    """Return numbers as the tail of an encoded object identifier."""
    encoded = bytearray()
    for arc in arcs:
        if arc < _HIGH_BIT:
            encoded.append(arc)
            continue
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(_HIGH_BIT | arc & 0x7F)
        encoded += bytes(reversed(groups))
    return bytes(encoded)


def decode_arcs(encoded: bytes) -> tuple[int, ...]:
    """The inverse of ``encode_arcs``. Raises MalformedError."""
    if encoded.isascii():
        return tuple(encoded)
    arcs: list[int] = []
    arc = 0
    for byte in encoded:
        arc = arc << 7 | byte & 0x7F
        if byte < _HIGH_BIT:
            arcs.append(arc)
            arc = 0
    if encoded[-1] >= _HIGH_BIT:
        raise MalformedError("an object identifier ends within a number")
    return tuple(arcs)


def encode_oid(arcs: Sequence[int]) -> bytes:
    """Return the content of an object identifier; ``arcs`` begin with 0, 1 or 2, as all of them do."""
    return encode_arcs((arcs[0] * _FIRST_ARC + arcs[1], *arcs[2:]))


def parse_oid(text: str) -> bytes:
    """Return the object identifier that people write ``1.3.6.1.2.1.1``.

    Raises:
        ValueError: it is none.
    """
    parts = text.removeprefix(".").split(".")
    if len(parts) < 2 or not all(part.isdecimal() and part.isascii() for part in parts) or int(parts[0]) > 2:
        raise ValueError(f"{text!r} is not an object identifier; write it in numbers, like 1.3.6.1.2.1.1.3")
    return encode_oid([int(part) for part in parts])


def format_oid(oid: bytes) -> str:
    """The inverse of ``parse_oid``."""
    first, *rest = decode_arcs(oid) or (0,)
    root = min(first // _FIRST_ARC, 2)
    return ".".join(map(str, (root, first - root * _FIRST_ARC, *rest)))


def is_after(oid: bytes, before: bytes) -> bool:
    """Whether ``oid`` comes later than ``before`` in the order of SNMP."""
    if oid.isascii() and before.isascii():
        return oid > before
    return decode_arcs(oid) > decode_arcs(before)
