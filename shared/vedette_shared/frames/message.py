"""Messages of frames as bytes: pure encoding and decoding, no I/O. The format is in ``FORMAT.md``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from vedette_shared.errors import FrameError, LabelError
from vedette_shared.events import Event
from vedette_shared.frames.events import decode_events, encode_events
from vedette_shared.frames.layout import HASH_BYTES, Layout, decode_layout
from vedette_shared.frames.values import VALUE_BYTES, from_planes, to_planes, xor
from vedette_shared.labels import Labels, flatten, unflatten

MAGIC = b"VDF1"
MAGIC_WITH_EVENTS = b"VDF2"
"""Version 2 adds events; a message without any is of version 1, so that older receivers read it."""

KIND_SENDER, KIND_LAYOUT, KIND_FRAME, KIND_EVENTS = 1, 2, 3, 4

_RECORD_HEAD = struct.Struct("<BI")
_CHECKSUM = struct.Struct("<I")
_FRAME_HEAD = struct.Struct(f"<QqQ{HASH_BYTES}sHH")

_msgpack = msgspec.msgpack.Encoder()
_sender_decoder = msgspec.msgpack.Decoder(tuple[str, int])
_target_decoder = msgspec.msgpack.Decoder(list[str])


@dataclass(frozen=True, slots=True)
class Sender:
    """Who pushes: the agent's id, and the generation that its sequence numbers count in."""

    agent: str
    generation: int


class Frame(msgspec.Struct, frozen=True, gc=False):
    """The samples of one collection of one source of one target.

    Attributes:
        sequence: Counts the sender's frames, from 1.
        timestamp: Milliseconds since the epoch, for all values.
        target: The target as bytes (``encode_target``), so that a receiver can look it up without decoding it.
        source: What was collected together; series that leave a source's layout go stale.
        layout: The hash of the layout.
        values: The doubles, little-endian, in the order of the layout; XORed with those of ``base`` unless it is 0.
        base: The sequence of the frame that ``values`` are relative to; 0 if they stand for themselves.
    """

    sequence: int
    timestamp: int
    target: bytes
    source: str
    layout: bytes
    values: bytes
    base: int = 0

    def on_base(self, base: Frame) -> Frame:
        """Return this frame as the difference to ``base``; both must stand for themselves and share their layout."""
        return self._with(xor(self.values, base.values), base.sequence)

    def resolved(self, base_values: bytes, xor: Callable[[bytes, bytes], bytes] = xor) -> Frame:
        """Return this frame standing for itself, given the values of its base; ``xor`` may be a quicker one.

        Raises:
            FrameError: the base has another number of values.
        """
        if len(base_values) != len(self.values):
            raise FrameError(f"frame {self.sequence} has another number of values than its base {self.base}")
        return self._with(xor(self.values, base_values), 0)

    def _with(self, values: bytes, base: int) -> Frame:
        return Frame(self.sequence, self.timestamp, self.target, self.source, self.layout, values, base)


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message. ``events`` are by the sequences of the frames that they came with."""

    sender: Sender
    layouts: tuple[Layout, ...]
    frames: tuple[Frame, ...]
    events: Mapping[int, Sequence[Event]] = field(default_factory=dict)


def encode_target(labels: Labels) -> bytes:
    """Return a target's labels as a frame carries them."""
    return _msgpack.encode(flatten(labels))


def decode_target(encoded: bytes) -> Labels:
    """Return the labels of an encoded target.

    Raises:
        FrameError: the bytes are no sorted label set.
    """
    try:
        return unflatten(_target_decoder.decode(encoded))
    except (msgspec.DecodeError, LabelError) as error:
        raise FrameError(f"malformed target: {error}") from error


NO_EVENTS: Mapping[int, Sequence[Event]] = MappingProxyType({})


def encode_message(
    sender: Sender,
    layouts: Iterable[Layout],
    frames: Sequence[Frame],
    events: Mapping[int, Sequence[Event]] = NO_EVENTS,
) -> bytes:
    """Return a message, not yet compressed; ``events`` are by the sequences of the frames that they came with."""
    parts = [
        MAGIC_WITH_EVENTS if events else MAGIC,
        _record(KIND_SENDER, _msgpack.encode((sender.agent, sender.generation))),
    ]
    parts += [_record(KIND_LAYOUT, layout.encoded) for layout in layouts]
    parts += [_record(KIND_FRAME, _encode_frame(frame)) for frame in frames]
    parts += [_record(KIND_EVENTS, encode_events(sequence, told)) for sequence, told in events.items()]
    return b"".join(parts)


Unplane = Callable[[memoryview], bytes]
"""The inverse of ``to_planes``."""


def decode_message(
    data: bytes, unplane: Unplane = from_planes, to_layout: Callable[[bytes], Layout] = decode_layout
) -> Message:
    """Return the message that ``data`` holds; every checksum is verified, bases are not resolved.

    ``unplane`` may be a quicker ``from_planes``, where one is at hand, and ``to_layout`` that of a ``LayoutDecoder``.

    Raises:
        FrameError: the bytes are cut short, damaged, of another version, or hold what does not belong there.
    """
    magic = data[: len(MAGIC)]
    if magic not in (MAGIC, MAGIC_WITH_EVENTS):
        raise FrameError(f"not a message of frames: it begins with {data[:4].hex() or 'nothing'}, not {MAGIC.hex()}")
    sender: Sender | None = None
    layouts: list[Layout] = []
    frames: list[Frame] = []
    events: dict[int, Sequence[Event]] = {}
    for kind, payload in _records(data):
        if kind == KIND_FRAME:
            frames.append(_decode_frame(payload, unplane))
        elif kind == KIND_LAYOUT:
            layouts.append(to_layout(bytes(payload)))
        elif kind == KIND_EVENTS and magic == MAGIC_WITH_EVENTS:
            _add_events(events, payload)
        elif kind == KIND_SENDER and sender is None:
            sender = _decode_sender(payload)
        else:
            raise FrameError(f"unexpected record of kind {kind}")
    if sender is None:
        raise FrameError("the message names no sender")
    if stray := events.keys() - {frame.sequence for frame in frames}:
        raise FrameError(f"events with frame {min(stray)}, which the message does not have")
    return Message(sender, tuple(layouts), tuple(frames), events)


def _record(kind: int, payload: bytes) -> bytes:
    body = _RECORD_HEAD.pack(kind, len(payload)) + payload
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _records(data: bytes) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(data)
    at = len(MAGIC)
    while at < len(data):
        if at + _RECORD_HEAD.size > len(data):
            raise FrameError(f"the message is cut short at byte {at}")
        kind, length = _RECORD_HEAD.unpack_from(data, at)
        end = at + _RECORD_HEAD.size + length
        if end + _CHECKSUM.size > len(data):
            raise FrameError(f"the message is cut short in the record at byte {at}")
        if _CHECKSUM.unpack_from(data, end)[0] != zlib.crc32(view[at:end]):
            raise FrameError(f"wrong checksum of the record at byte {at}")
        yield kind, view[at + _RECORD_HEAD.size : end]
        at = end + _CHECKSUM.size


def _decode_sender(payload: memoryview) -> Sender:
    try:
        return Sender(*_sender_decoder.decode(payload))
    except msgspec.DecodeError as error:
        raise FrameError(f"malformed sender: {error}") from error


def _add_events(events: dict[int, Sequence[Event]], payload: memoryview) -> None:
    sequence, told = decode_events(payload)
    if sequence in events:
        raise FrameError(f"the events of frame {sequence} come twice")
    events[sequence] = told


def _encode_frame(frame: Frame) -> bytes:
    source = frame.source.encode()
    head = _FRAME_HEAD.pack(frame.sequence, frame.timestamp, frame.base, frame.layout, len(frame.target), len(source))
    return b"".join((head, frame.target, source, to_planes(frame.values)))


def _decode_frame(payload: memoryview, unplane: Unplane) -> Frame:
    if len(payload) < _FRAME_HEAD.size:
        raise FrameError("malformed frame: shorter than its head")
    sequence, timestamp, base, layout, target_length, source_length = _FRAME_HEAD.unpack_from(payload)
    source_at = _FRAME_HEAD.size + target_length
    values_at = source_at + source_length
    planes = payload[values_at:]
    if values_at > len(payload) or len(planes) % VALUE_BYTES:
        raise FrameError("malformed frame: its length does not fit its head")
    try:
        source = str(payload[source_at:values_at], "utf-8")
    except UnicodeDecodeError as error:
        raise FrameError("malformed frame: the source is not UTF-8") from error
    target = bytes(payload[_FRAME_HEAD.size : source_at])
    return Frame(sequence, timestamp, target, source, layout, unplane(planes), base)
