"""Records in a segment: framing, checksums, and finding what is whole. Bytes in, payloads out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from crc32c import crc32c

MAGIC = b"VDL1"

_SEGMENT = struct.Struct("<4sQ")
_CHECKSUM = struct.Struct("<I")
_LENGTH = struct.Struct("<I")
_RECORD = struct.Struct("<III")

SEGMENT_HEAD = _SEGMENT.size + _CHECKSUM.size
RECORD_HEAD = _RECORD.size


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a segment that is no record.

    ``torn`` if it is at the end and may be what a crash leaves of a write: an incomplete record, or no head of one.
    """

    offset: int
    length: int
    torn: bool


def segment_head(number: int) -> bytes:
    """The first bytes of a segment."""
    head = _SEGMENT.pack(MAGIC, number)
    return head + _CHECKSUM.pack(crc32c(head))


def foreign_version(head: bytes) -> bytes | None:
    """The magic of a segment that was written as it should be, but by another version; ``None`` for any other."""
    if len(head) < SEGMENT_HEAD or head[:4] == MAGIC:
        return None
    checksum = _CHECKSUM.pack(crc32c(head[: _SEGMENT.size]))
    return head[:4] if head[_SEGMENT.size : SEGMENT_HEAD] == checksum else None


def frame_record(*payload: bytes) -> bytes:
    """The head that goes before a payload, which may be in pieces."""
    size = checksum = 0
    for piece in payload:
        size += len(piece)
        checksum = crc32c(piece, checksum)
    return _RECORD.pack(size, _length_checksum(size), checksum)


def scan(data: memoryview, number: int) -> Iterator[tuple[int, memoryview] | Damage]:
    """Yield the payloads of a segment in order, each with its place, and what lies between them that is none."""
    at = SEGMENT_HEAD
    if bytes(data[:SEGMENT_HEAD]) != segment_head(number):
        if len(data) <= SEGMENT_HEAD:
            yield Damage(0, len(data), torn=True)
            return
        yield Damage(0, SEGMENT_HEAD, torn=False)
    while at < len(data):
        payload = _whole_record(data, at)
        if payload is not None:
            place = at + RECORD_HEAD
            at = place + len(payload)
            yield place, payload
            continue
        after, torn = _next_record(data, at)
        yield Damage(at, after - at, torn)
        at = after


def _whole_record(data: memoryview, at: int) -> memoryview | None:
    """The payload of the record that begins at ``at``, ``None`` if none does."""
    if at + RECORD_HEAD > len(data):
        return None
    length, head_checksum, checksum = _RECORD.unpack_from(data, at)
    if not length or at + RECORD_HEAD + length > len(data) or _length_checksum(length) != head_checksum:
        return None
    payload = data[at + RECORD_HEAD : at + RECORD_HEAD + length]
    return payload if crc32c(payload) == checksum else None


def _next_record(data: memoryview, at: int) -> tuple[int, bool]:
    """Return (next, torn): the next whole record after the broken one at ``at``, or the end; and whether it is torn."""
    if at + RECORD_HEAD <= len(data):
        length, head_checksum, _ = _RECORD.unpack_from(data, at)
        if length and _length_checksum(length) == head_checksum:
            # The length is right: the payload is not, or it was never written to its end.
            end = at + RECORD_HEAD + int(length)
            return min(end, len(data)), end > len(data)
    for place in range(at + 1, len(data) - RECORD_HEAD):
        if _whole_record(data, place) is not None:
            return place, False
    return len(data), True


@lru_cache(4096)
def _length_checksum(length: int) -> int:
    """The checksum in a record's head; lengths are few, as frames of a layout are equally long."""
    return int(crc32c(_LENGTH.pack(length)))
