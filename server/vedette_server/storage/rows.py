"""The quick road of appends: single frames that go on where the ones before them of their sources went.

Nearly all frames are like that, and nearly all that a frame costs is what is done for each of them by itself: here
that is little, and the rest is done once for all that come together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from vedette_server.storage.appends import FramesAppend, Taker, framed
from vedette_server.storage.commit import Append
from vedette_server.storage.intake import Way, present
from vedette_server.storage.interface import Receipt
from vedette_server.storage.log import records
from vedette_server.storage.read.directory import Source
from vedette_server.storage.sequences import Stretches
from vedette_shared.frames import ABSENT_BITS, VALUE_BYTES, Frame, Layout, Sender

MOST_ROWS = 256
"""So many are taken into the head without a pause: about a millisecond."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One frame that is not in the store yet, its sender, and the sequences of that."""

    sender: Sender
    frame: Frame
    seen: Stretches


def row_of(taker: Taker, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> Row | None:
    """Return the row that these frames are, if they are one frame, alone, with a way in the head as it is now."""
    if layouts or len(frames) != 1:
        return None
    frame = frames[0]
    if frame.base or taker.intake.way(frame) is None:
        return None
    seen = taker.intake.sequences.of(sender)
    if frame.sequence and frame.sequence in seen:
        return None
    return Row(sender, frame, seen)


class RowsAppend(Append):
    """Rows, to each its own receipt. Those that have lost their way until they are written are frames as any other."""

    __slots__ = ("_others", "_rows", "_taker", "_ways")

    def __init__(self, taker: Taker) -> None:
        super().__init__(0)
        self._taker = taker
        self._rows: list[Row] = []
        self._ways: list[Way | None] = []
        self._others: dict[int, FramesAppend] = {}

    @classmethod
    def of(cls, taker: Taker, row: Row) -> RowsAppend:
        """Rows, with this one as the first."""
        rows = cls(taker)
        rows.add(row)
        return rows

    def add(self, row: Row) -> bool:
        """Take a row with the others, if there are not too many."""
        if len(self._rows) == MOST_ROWS:
            return False
        self._rows.append(row)
        self.values += len(row.frame.values) // VALUE_BYTES
        return True

    @property
    def count(self) -> int:
        return len(self._rows)

    def layouts(self) -> Iterable[bytes]:
        return [row.frame.layout for row in self._rows]

    def late(self) -> bool:
        way_of, floor_of, oldest = self._taker.intake.way, self._taker.floors.of, self._taker.oldest
        for place, row in enumerate(self._rows):
            frame = row.frame
            way = way_of(frame)
            if way is None or frame.timestamp <= floor_of(way.target) or frame.timestamp < oldest:
                way = None
                self._others[place] = FramesAppend(self._taker, row.sender, (), (frame,))
            self._ways.append(way)
        late = [other.late() for other in self._others.values()]
        return any(late)

    def examine(self, sources: Sequence[Source]) -> None:
        for other in self._others.values():
            other.examine(sources)

    def encode(self) -> list[bytes]:
        taker = self._taker
        pieces: list[bytes] = []
        for place, (row, way) in enumerate(zip(self._rows, self._ways, strict=True)):
            if way is None:
                pieces += self._others[place].encode()
                continue
            frame = row.frame
            pieces += taker.layout_pieces(frame.layout)
            pieces += framed(records.encode_head(row.sender, frame, way.route), frame.values)
        return pieces

    def apply(self) -> list[Receipt]:
        taker, rows, ways = self._taker, self._rows, self._ways
        intake = taker.intake
        head = intake.head
        plain = [row.frame.values for row, way in zip(rows, ways, strict=True) if way is not None]
        values = b"".join(plain)
        at = head.arena.put(values)
        has_absent = bool((np.frombuffer(values, np.uint64) == ABSENT_BITS).any())
        receipts = []
        total = 0
        for place, (row, way) in enumerate(zip(rows, ways, strict=True)):
            if way is None:
                receipts += self._others[place].apply()
                continue
            frame, seen, size = row.frame, row.seen, way.size
            if intake.follow(way, seen, frame.sequence, frame.timestamp):
                head.append_at(way.stream, frame.timestamp, at, size)
                stored = present(frame.values) if has_absent else size // VALUE_BYTES
                total += stored
                receipts.append(Receipt(stored, 0, 0, 0, seen.highest))
            else:
                counts, highest = intake.frames(row.sender, (frame,), taker.oldest)
                receipts.append(taker.count(counts).receipt(highest))
            at += size
        taker.count_stored(total)
        return receipts
