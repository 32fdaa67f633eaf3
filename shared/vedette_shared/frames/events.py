"""Events as a record of a message or of a spool: pure encoding and decoding. The format is in ``FORMAT.md``."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Annotated

import msgspec

from vedette_shared.errors import FrameError
from vedette_shared.events import MOST_EVENTS, Event, Severity

_SEQUENCE = struct.Struct("<Q")
_Time = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Row = tuple[_Time, str, Severity, str, str, dict[str, str], str]

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Row])


def encode_events(sequence: int, events: Sequence[Event]) -> bytes:
    """Return the payload of the record of ``events``, which came with the frame ``sequence``."""
    rows = [(e.time, e.source, e.severity, e.text, e.host, dict(e.labels), e.id) for e in events]
    return _SEQUENCE.pack(sequence) + _encoder.encode(rows)


def decode_events(payload: memoryview) -> tuple[int, tuple[Event, ...]]:
    """Return (the sequence of the frame, its events).

    Raises:
        FrameError: the payload is malformed, or holds more events than a frame may have.
    """
    try:
        (sequence,) = _SEQUENCE.unpack_from(payload)
        rows = _decoder.decode(payload[_SEQUENCE.size :])
    except (struct.error, msgspec.DecodeError) as error:
        raise FrameError(f"malformed events: {error}") from error
    if len(rows) > MOST_EVENTS:
        raise FrameError(f"{len(rows)} events with frame {sequence}; a frame may have {MOST_EVENTS}")
    return sequence, tuple(Event(*row) for row in rows)
