"""One segment of the spool: a file, and in memory where its frames lie."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from vedette_agent.spool.records import (
    KIND_ACKNOWLEDGED,
    KIND_CLOSED,
    KIND_EVENTS,
    KIND_FRAME,
    KIND_HEAD,
    KIND_LAYOUT,
    Damage,
    Head,
    Record,
    decode_acknowledged,
    decode_frame,
    decode_head,
    decode_stored_events,
    decode_stored_layout,
    encode_frame,
    encode_head,
    encode_layout,
    encode_stored_events,
    peek_frame,
    read_record,
    scan,
)
from vedette_agent.spool.values import StoredFrame
from vedette_shared.errors import FrameError
from vedette_shared.events import Event
from vedette_shared.frames import Frame, Layout
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

SUFFIX = ".spool"
MODE = 0o600


class Segment:
    """Frames of one generation, ascending by sequence.

    Attributes:
        sequences: Of the frames that can be read.
        newest_ms: The latest timestamp among the frames.
        size: Bytes of the file.
        damaged: Whether something in it could not be read, other than the torn end of the last write.
        torn: Whether it ends in the middle of a record.
        closed: Whether it ends in good order.
        events: How many events came with a frame, by its sequence.
    """

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        self.head = head
        self.sequences = array("Q")
        self.newest_ms = 0
        self.size = 0
        self.damaged = False
        self.torn = False
        self.closed = False
        self.events: dict[int, int] = {}
        self._events_at: dict[int, int] = {}
        self._offsets = array("Q")
        self._layouts: dict[bytes, int] = {}
        self._descriptor = -1

    @property
    def generation(self) -> int:
        return self.head.generation

    @property
    def next_sequence(self) -> int:
        return self.sequences[-1] + 1 if self.sequences else self.head.next_sequence

    @property
    def missing(self) -> int:
        """How many frames of its run cannot be read."""
        if not self.sequences:
            return 0
        return self.sequences[-1] + 1 - self.head.next_sequence - len(self.sequences)

    @classmethod
    def create(cls, path: Path, head: Head) -> Segment:
        """Make the file and write its head. Raises OSError."""
        segment = cls(path, head)
        segment._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        try:
            segment.write(encode_head(head))
        except OSError:
            segment.close()
            path.unlink()
            raise
        return segment

    @classmethod
    def recover(cls, path: Path, acknowledge: Callable[[str, int, list[tuple[int, int]]], None]) -> Segment | None:
        """Read a segment of an earlier run; ``None`` where not even its head can be read. Raises OSError."""
        data = path.read_bytes()
        first = read_record(data, 0)
        if first is None or first.kind != KIND_HEAD:
            return None
        segment = cls(path, decode_head(first.payload))
        for server, generation, flat in segment.head.acknowledged:
            acknowledge(server, generation, list(zip(flat[::2], flat[1::2], strict=True)))
        for found in scan(data):
            if isinstance(found, Damage):
                segment._note_damage(found)
            else:
                segment._take(found, acknowledge)
        segment.size = len(data)
        return segment

    def write(self, data: bytes) -> None:
        """Append ``data`` whole or, raising OSError, not at all."""
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:] if written else data, self.size + written)
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)

    def append(self, frame: Frame, layout: Layout, events: tuple[Event, ...] = ()) -> None:
        """Write ``frame`` behind its events, and its layout if it is new here.

        Raises OSError, and then nothing is written.
        """
        known = layout.hash in self._layouts
        head = b"" if known else encode_layout(layout)
        before = head + (encode_stored_events(frame.sequence, events) if events else b"")
        start = self.size
        self.write(before + encode_frame(frame))
        if not known:
            self._layouts[layout.hash] = start
        if events:
            self._note_events(frame.sequence, len(events), start + len(head))
        self.sequences.append(frame.sequence)
        self._offsets.append(start + len(before))
        self.newest_ms = max(self.newest_ms, frame.timestamp)

    def read(self, sequences: list[int]) -> Iterator[StoredFrame]:
        """Yield the frames of ``sequences``, leaving out what cannot be read. Raises OSError."""
        data = self.path.read_bytes()
        layouts: dict[bytes, Layout] = {}
        for sequence in sequences:
            at = bisect_left(self.sequences, sequence)
            record = read_record(data, self._offsets[at])
            try:
                if record is None:
                    raise FrameError("its checksum is wrong")
                frame = decode_frame(record.payload)
                if frame.layout not in layouts:
                    layouts[frame.layout] = self._read_layout(data, frame.layout)
                events = self._read_events(data, sequence)
                yield StoredFrame(self.generation, frame, layouts[frame.layout], events)
            except FrameError as error:
                _log.warning("a spooled frame cannot be read", file=self.path, sequence=sequence, error=error)

    def duplicate(self) -> int:
        """Return a descriptor of the open file, which the caller closes; -1 where it is closed. Raises OSError."""
        return os.dup(self._descriptor) if self._descriptor >= 0 else -1

    def close(self) -> None:
        """Close the file; the segment can still be read."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Close and delete the file. Raises OSError."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _read_layout(self, data: bytes, layout: bytes) -> Layout:
        at = self._layouts.get(layout)
        record = None if at is None else read_record(data, at)
        if record is None:
            raise FrameError(f"its layout {layout.hex()} is damaged")
        return decode_stored_layout(record.payload)

    def _read_events(self, data: bytes, sequence: int) -> tuple[Event, ...]:
        """The events of a frame; none where they are damaged, as the frame is still good."""
        at = self._events_at.get(sequence)
        if at is None:
            return ()
        record = read_record(data, at)
        try:
            if record is None:
                raise FrameError("their checksum is wrong")
            return decode_stored_events(record.payload)[1]
        except FrameError as error:
            _log.warning("spooled events cannot be read", file=self.path, sequence=sequence, error=error)
            return ()

    def _note_events(self, sequence: int, count: int, at: int) -> None:
        self.events[sequence] = count
        self._events_at[sequence] = at

    def _take(self, record: Record, acknowledge: Callable[[str, int, list[tuple[int, int]]], None]) -> None:
        try:
            self.closed = record.kind == KIND_CLOSED
            if record.kind == KIND_FRAME:
                sequence, timestamp = peek_frame(record.payload)
                self.sequences.append(sequence)
                self._offsets.append(record.start)
                self.newest_ms = max(self.newest_ms, timestamp)
            elif record.kind == KIND_LAYOUT:
                self._layouts[decode_stored_layout(record.payload).hash] = record.start
            elif record.kind == KIND_EVENTS:
                sequence, events = decode_stored_events(record.payload)
                self._note_events(sequence, len(events), record.start)
            elif record.kind == KIND_ACKNOWLEDGED:
                acknowledge(*decode_acknowledged(record.payload))
        except (FrameError, msgspec.DecodeError, ValueError) as error:
            _log.warning("a record of the spool is malformed", file=self.path, byte=record.start, error=error)
            self.damaged = True

    def _note_damage(self, damage: Damage) -> None:
        if damage.is_tail:
            self.torn = True
            return
        self.damaged = True
        _log.warning("the spool is damaged", file=self.path, first_byte=damage.start, last_byte=damage.end - 1)
