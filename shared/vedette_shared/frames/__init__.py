"""Frames: the unit of collection, push and storage. ``FORMAT.md`` in this folder is the specification."""

from vedette_shared.frames.events import decode_events, encode_events
from vedette_shared.frames.layout import (
    Layout,
    LayoutDecoder,
    LayoutMemory,
    Metadata,
    Series,
    decode_layout,
    layout_of,
    values_of,
)
from vedette_shared.frames.message import (
    MAGIC,
    Frame,
    Message,
    Sender,
    decode_message,
    decode_target,
    encode_message,
    encode_target,
)
from vedette_shared.frames.values import ABSENT, ABSENT_BITS, STALE_BITS, STALE_NAN, VALUE_BYTES

__all__ = [
    "ABSENT",
    "ABSENT_BITS",
    "MAGIC",
    "STALE_BITS",
    "STALE_NAN",
    "VALUE_BYTES",
    "Frame",
    "Layout",
    "LayoutDecoder",
    "LayoutMemory",
    "Message",
    "Metadata",
    "Sender",
    "Series",
    "decode_events",
    "decode_layout",
    "decode_message",
    "decode_target",
    "encode_events",
    "encode_message",
    "encode_target",
    "layout_of",
    "values_of",
]
