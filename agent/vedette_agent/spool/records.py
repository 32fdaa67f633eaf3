"""Records of a spool as bytes, and their scan, which steps over damage. Pure; ``FORMAT.md`` has the format."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import zstandard

from vedette_shared.errors import FrameError
from vedette_shared.events import Event
from vedette_shared.frames import Frame, Layout, decode_events, decode_layout, encode_events
from vedette_shared.frames.layout import HASH_BYTES
from vedette_shared.frames.values import from_planes, to_planes

KIND_HEAD, KIND_LAYOUT, KIND_FRAME, KIND_ACKNOWLEDGED, KIND_CLOSED, KIND_EVENTS = 1, 2, 3, 4, 5, 6

MARK = b"\xa5\x5a"
_RECORD_HEAD = struct.Struct("<BI")
_CHECKSUM = struct.Struct("<I")
_FRAME_HEAD = struct.Struct(f"<Qq{HASH_BYTES}sHH")
_OVERHEAD = len(MARK) + _RECORD_HEAD.size + _CHECKSUM.size

_encoder = msgspec.msgpack.Encoder()
_compressor = zstandard.ZstdCompressor(level=1)


@dataclass(frozen=True, slots=True)
class Head:
    """The first record of a segment."""

    generation: int
    next_sequence: int
    boot_id: str
    acknowledged: tuple[tuple[str, int, tuple[int, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One record that was read: where it lies, its kind and its payload."""

    start: int
    end: int
    kind: int
    payload: memoryview = field(repr=False)


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch without a readable record. ``is_tail`` says that nothing readable follows."""

    start: int
    end: int
    is_tail: bool


def encode_record(kind: int, payload: bytes) -> bytes:
    body = _RECORD_HEAD.pack(kind, len(payload)) + payload
    return b"".join((MARK, body, _CHECKSUM.pack(zlib.crc32(body))))


def encode_head(head: Head) -> bytes:
    return encode_record(
        KIND_HEAD, _encoder.encode((head.generation, head.next_sequence, head.boot_id, head.acknowledged))
    )


def encode_layout(layout: Layout) -> bytes:
    return encode_record(KIND_LAYOUT, _compressor.compress(layout.encoded))


def encode_frame(frame: Frame) -> bytes:
    source = frame.source.encode()
    head = _FRAME_HEAD.pack(frame.sequence, frame.timestamp, frame.layout, len(frame.target), len(source))
    values = _compressor.compress(to_planes(frame.values))
    return encode_record(KIND_FRAME, b"".join((head, frame.target, source, values)))


def encode_stored_events(sequence: int, events: Sequence[Event]) -> bytes:
    return encode_record(KIND_EVENTS, _compressor.compress(encode_events(sequence, events)))


def encode_acknowledged(server: str, generation: int, runs: list[tuple[int, int]]) -> bytes:
    flat = [number for run in runs for number in run]
    return encode_record(KIND_ACKNOWLEDGED, _encoder.encode((server, generation, flat)))


def encode_closed() -> bytes:
    return encode_record(KIND_CLOSED, b"")


def decode_head(payload: memoryview) -> Head:
    return Head(
        *msgspec.msgpack.decode(payload, type=tuple[int, int, str, tuple[tuple[str, int, tuple[int, ...]], ...]])
    )


def decode_stored_layout(payload: memoryview) -> Layout:
    """Raises FrameError where the bytes are no layout."""
    try:
        return decode_layout(zstandard.ZstdDecompressor().decompress(payload))
    except zstandard.ZstdError as error:
        raise FrameError(f"malformed layout: {error}") from error


def decode_stored_events(payload: memoryview) -> tuple[int, tuple[Event, ...]]:
    """Return (the sequence of a frame, its events). Raises FrameError where the bytes are no events."""
    try:
        return decode_events(memoryview(zstandard.ZstdDecompressor().decompress(payload)))
    except zstandard.ZstdError as error:
        raise FrameError(f"malformed events: {error}") from error


def decode_frame(payload: memoryview) -> Frame:
    """Raises FrameError where the bytes are no frame."""
    sequence, timestamp, layout, target_length, source_length = _FRAME_HEAD.unpack_from(payload)
    source_at = _FRAME_HEAD.size + target_length
    values_at = source_at + source_length
    try:
        planes = zstandard.ZstdDecompressor().decompress(payload[values_at:])
    except zstandard.ZstdError as error:
        raise FrameError(f"malformed frame: {error}") from error
    target = bytes(payload[_FRAME_HEAD.size : source_at])
    return Frame(sequence, timestamp, target, str(payload[source_at:values_at], "utf-8"), layout, from_planes(planes))


def peek_frame(payload: memoryview) -> tuple[int, int]:
    """Return (sequence, timestamp) of a frame's record."""
    sequence, timestamp = _FRAME_HEAD.unpack_from(payload)[:2]
    return sequence, timestamp


def decode_acknowledged(payload: memoryview) -> tuple[str, int, list[tuple[int, int]]]:
    server, generation, flat = msgspec.msgpack.decode(payload, type=tuple[str, int, list[int]])
    return server, generation, list(zip(flat[::2], flat[1::2], strict=True))


def read_record(data: bytes, at: int) -> Record | None:
    """Return the record that begins at ``at``, or ``None`` where there is no whole one."""
    if data[at : at + len(MARK)] != MARK or at + _OVERHEAD > len(data):
        return None
    body_at = at + len(MARK)
    kind, length = _RECORD_HEAD.unpack_from(data, body_at)
    payload_at = body_at + _RECORD_HEAD.size
    end = payload_at + length
    if end + _CHECKSUM.size > len(data):
        return None
    view = memoryview(data)
    if _CHECKSUM.unpack_from(data, end)[0] != zlib.crc32(view[body_at:end]):
        return None
    return Record(at, end + _CHECKSUM.size, kind, view[payload_at:end])


def scan(data: bytes) -> Iterator[Record | Damage]:
    """Yield the records of a segment in order, and the stretches that cannot be read."""
    at = 0
    while at < len(data):
        record = read_record(data, at)
        if record is not None:
            yield record
            at = record.end
            continue
        found = _next_record(data, at + 1)
        yield Damage(at, found if found is not None else len(data), found is None)
        if found is None:
            return
        at = found


def _next_record(data: bytes, at: int) -> int | None:
    while (at := data.find(MARK, at)) >= 0:
        if read_record(data, at) is not None:
            return at
        at += 1
    return None
