"""The payloads of the log's records: bytes in, values out. ``FORMAT.md`` in this folder is the specification."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np
import zstandard

from vedette_server.storage.interface import LooseSamples, SourceEnd
from vedette_shared.frames import Frame, Layout, Sender, decode_layout
from vedette_shared.labels import Labels, flatten, unflatten

KIND_LAYOUT, KIND_FRAMES, KIND_LOOSE, KIND_ENDS = 1, 2, 3, 4

_COUNT = struct.Struct("<I")
_SENDER = struct.Struct("<BH")
_GENERATION = struct.Struct("<Q")
_GENERATION_COUNT = struct.Struct("<QI")
_TIME = struct.Struct("<Qq")
_FRAME = struct.Struct("<Qq16sHHI")
_ROUTE = struct.Struct("<16sHHI")
_ROUTE_AT = _TIME.size

_compressor = zstandard.ZstdCompressor(level=3)
_decompressor = zstandard.ZstdDecompressor()
_msgpack = msgspec.msgpack.Encoder()
_sets_decoder = msgspec.msgpack.Decoder(list[list[str]])
_ends_decoder = msgspec.msgpack.Decoder(list[tuple[bytes, str, int]])


class RecordError(ValueError):
    """A payload with a right checksum that cannot be read: written by another version, or by mistake."""


@dataclass(frozen=True, slots=True)
class FramesRecord:
    """Frames of one sender."""

    sender: Sender
    frames: tuple[Frame, ...]


class RawFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame as it stands in a payload.

    Attributes:
        sequence: Counts the sender's frames, 0 for one without a number.
        timestamp: Milliseconds.
        route: Layout, target, source and the size of the values as bytes: the same for all frames of one source until
            its layout changes.
        at: Where in the payload the doubles begin.
        size: Their bytes.
    """

    sequence: int
    timestamp: int
    route: bytes
    at: int
    size: int

    def decoded(self, payload: memoryview) -> Frame:
        """The frame by itself, out of its payload.

        Raises:
            RecordError: the source is no text.
        """
        layout, target_size, _, _ = _ROUTE.unpack_from(self.route)
        source_at = _ROUTE.size + target_size
        try:
            source = str(self.route[source_at:], "utf-8")
        except UnicodeDecodeError as error:
            raise RecordError(f"a record cannot be read: {error}") from error
        target = self.route[_ROUTE.size : source_at]
        return Frame(
            self.sequence, self.timestamp, target, source, layout, bytes(payload[self.at : self.at + self.size])
        )


@dataclass(frozen=True, slots=True)
class LooseRecord:
    """Loose samples; ``samples.series`` counts the label sets of the segment, of which ``labels`` are new."""

    labels: tuple[Labels, ...]
    samples: LooseSamples


@dataclass(frozen=True, slots=True)
class EndsRecord:
    """Sources that ended."""

    ends: tuple[SourceEnd, ...]


Record: TypeAlias = Layout | FramesRecord | LooseRecord | EndsRecord


def encode_layout(layout: Layout) -> bytes:
    """Return the payload of a layout."""
    return bytes([KIND_LAYOUT]) + _compressor.compress(layout.encoded)


def encode_frames(sender: Sender, frames: Sequence[Frame]) -> list[bytes]:
    """Return the payload of frames that stand for themselves, in pieces, so that the values are not copied."""
    head = _encode_sender(sender, len(frames))
    pieces: list[bytes] = []
    for frame in frames:
        pieces += (head + _TIME.pack(frame.sequence, frame.timestamp) + encode_route(frame), frame.values)
        head = b""
    return pieces or [head]


def encode_head(sender: Sender, frame: Frame, route: bytes) -> bytes:
    """Return what goes before the values in the payload of one frame, of which the route is known."""
    return b"".join((_encode_sender(sender, 1), _TIME.pack(frame.sequence, frame.timestamp), route))


def encode_route(frame: Frame) -> bytes:
    """Return a frame's route, see ``RawFrame``."""
    source = frame.source.encode()
    return b"".join(
        (_ROUTE.pack(frame.layout, len(frame.target), len(source), len(frame.values)), frame.target, source)
    )


def _encode_sender(sender: Sender, frames: int) -> bytes:
    agent = sender.agent.encode()
    return b"".join((_SENDER.pack(KIND_FRAMES, len(agent)), agent, _GENERATION_COUNT.pack(sender.generation, frames)))


def encode_loose(labels: Sequence[Labels], samples: LooseSamples) -> bytes:
    """Return the payload of loose samples, ``labels`` being the sets that the segment does not have yet."""
    sets = _msgpack.encode([flatten(one) for one in labels])
    return b"".join(
        (
            bytes([KIND_LOOSE]),
            _COUNT.pack(len(sets)),
            sets,
            _COUNT.pack(len(samples.series)),
            samples.series.astype("<u4").tobytes(),
            samples.timestamps.astype("<i8").tobytes(),
            samples.values.astype("<f8").tobytes(),
        )
    )


def encode_ends(ends: Sequence[SourceEnd]) -> bytes:
    """Return the payload of sources that ended."""
    return bytes([KIND_ENDS]) + _msgpack.encode([(end.target, end.source, end.timestamp) for end in ends])


def decode_record(payload: memoryview) -> Record:
    """Return what a payload says.

    Raises:
        RecordError: it cannot be read.
    """
    try:
        kind = payload[0]
        if kind == KIND_FRAMES:
            return _decode_frames(payload)
        if kind == KIND_LOOSE:
            return _decode_loose(payload)
        if kind == KIND_LAYOUT:
            return decode_layout(_decompressor.decompress(payload[1:]))
        if kind == KIND_ENDS:
            return EndsRecord(tuple(SourceEnd(*end) for end in _ends_decoder.decode(payload[1:])))
    except RecordError:
        raise
    except (struct.error, ValueError, IndexError, msgspec.MsgspecError, zstandard.ZstdError) as error:
        raise RecordError(f"a record cannot be read: {error}") from error
    raise RecordError(f"a record of the unknown kind {kind}")


def raw_frames(payload: memoryview) -> tuple[bytes, list[RawFrame]]:
    """Return the sender (see ``decode_sender``) and the frames of a payload of the kind ``KIND_FRAMES``.

    Raises:
        RecordError: it cannot be read.
    """
    try:
        _, size = _SENDER.unpack_from(payload)
        at = _SENDER.size + size + _GENERATION.size
        sender = bytes(payload[_SENDER.size : at])
        (count,) = _COUNT.unpack_from(payload, at)
        at += _COUNT.size
        frames = []
        for _ in range(count):
            sequence, timestamp, _, target_size, source_size, size = _FRAME.unpack_from(payload, at)
            begin = at + _FRAME.size + target_size + source_size
            end = begin + size
            if end > len(payload):
                raise RecordError("a frame is cut short")
            frames.append(RawFrame(sequence, timestamp, bytes(payload[at + _ROUTE_AT : begin]), begin, size))
            at = end
    except struct.error as error:
        raise RecordError(f"a record cannot be read: {error}") from error
    return sender, frames


def decode_sender(sender: bytes) -> Sender:
    """Return the sender that ``raw_frames`` found.

    Raises:
        RecordError: its agent is no text.
    """
    (generation,) = _GENERATION.unpack(sender[-_GENERATION.size :])
    try:
        return Sender(str(sender[: -_GENERATION.size], "utf-8"), generation)
    except UnicodeDecodeError as error:
        raise RecordError(f"a record cannot be read: {error}") from error


def _decode_frames(payload: memoryview) -> FramesRecord:
    sender, frames = raw_frames(payload)
    return FramesRecord(decode_sender(sender), tuple(frame.decoded(payload) for frame in frames))


def _decode_loose(payload: memoryview) -> LooseRecord:
    (size,) = _COUNT.unpack_from(payload, 1)
    at = 1 + _COUNT.size
    labels = tuple(unflatten(flat) for flat in _sets_decoder.decode(payload[at : at + size]))
    at += size
    (count,) = _COUNT.unpack_from(payload, at)
    at += _COUNT.size
    series = np.frombuffer(payload, "<u4", count, at).astype(np.int64)
    timestamps = np.frombuffer(payload, "<i8", count, at + 4 * count).astype(np.int64)
    values = np.frombuffer(payload, "<f8", count, at + 12 * count).astype(np.float64)
    return LooseRecord(labels, LooseSamples(series, timestamps, values))
