"""The quick road of messages: one frame, relative to the one before of a sender and a source that are known.

Nearly all messages are like that. They need no more than a look at bytes that were decoded before; whatever is unusual
about one sends it on the road of ``decode_message``, which also says what is wrong with it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import msgspec

from vedette_server.ingest.bases import Bases, Lane
from vedette_server.ingest.planes import add_planes
from vedette_shared.frames import Frame

_SENDER_AT = 4
_RECORD = struct.Struct("<BI")
_FRAME = struct.Struct("<BIQqQ16sHH")
_FRAME_KIND = 3
_NAMES_AT = _RECORD.size + 24
_CHECKSUM = struct.Struct("<I")


def record_of_sender(data: bytes) -> bytes:
    """The bytes of a message up to the end of its first record, which is that of the sender.

    They hold its checksum, so that a sender whose bytes are known needs no check.
    """
    if len(data) < _SENDER_AT + _RECORD.size:
        return data
    return data[: _SENDER_AT + _RECORD.size + _RECORD.unpack_from(data, _SENDER_AT)[1] + _CHECKSUM.size]


class QuickFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame that goes on from the last one of its lane, as it stands in its message.

    Attributes:
        lane: Whose last frame it is relative to.
        sequence: See ``Frame``.
        timestamp: See ``Frame``.
        message: The bytes of its message.
        planes_at: Where the byte planes of its values begin there.
    """

    lane: Lane
    sequence: int
    timestamp: int
    message: bytes
    planes_at: int


def quick_frame(data: bytes, bases: Bases) -> QuickFrame | None:
    """Return the frame of a message; ``None`` if it must go the other road."""
    record = record_of_sender(data)
    begin, end = len(record), len(data) - _CHECKSUM.size
    if end < begin + _FRAME.size:
        return None
    kind, size, sequence, timestamp, base, layout, target_size, source_size = _FRAME.unpack_from(data, begin)
    planes_at = begin + _FRAME.size + target_size + source_size
    lane = bases.lane(record, data[begin + _NAMES_AT : planes_at])
    if lane is None or kind != _FRAME_KIND or begin + _RECORD.size + size != end:
        return None
    last = lane.last
    if base != last.sequence or layout != last.layout or end - planes_at != len(last.values) or not last.values:
        return None
    if _CHECKSUM.unpack_from(data, end)[0] != zlib.crc32(data[begin:end]):
        return None
    return QuickFrame(lane, sequence, timestamp, data, planes_at)


def resolved(quick: Sequence[QuickFrame]) -> list[Frame]:
    """Return frames standing for themselves."""
    lasts = [one.lane.last for one in quick]
    values = add_planes(
        [last.values for last in lasts], [one.message for one in quick], [one.planes_at for one in quick]
    )
    return [
        Frame(one.sequence, one.timestamp, last.target, last.source, last.layout, own)
        for one, last, own in zip(quick, lasts, values, strict=True)
    ]
