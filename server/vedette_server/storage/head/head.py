"""The head: the newest samples in memory, as rows in arrival order; one writer, any number of readers, no lock.

A *stream* is a target with a shape (the signatures of its rows). A row's values lie together in one arena; the rows
of a stream are chained backwards, so that appending touches nothing that stands. Memory is reserved, not filled: it is
taken page by page, and given back at once when the head has become a block.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.arrays import GrowingArray, reserved, view_of
from vedette_server.storage.head import kernels
from vedette_server.storage.head.arena import Arena
from vedette_server.storage.head.view import HeadView
from vedette_server.storage.index.layouts import Shape
from vedette_server.storage.read.directory import Directory
from vedette_shared.frames import ABSENT_BITS, VALUE_BYTES

ROW_BYTES = 16
STREAM_BYTES = 28
_NEVER = np.iinfo(np.int64)


class Rival:
    """Another stream of the same target that has some of the same signatures."""

    __slots__ = ("mine", "stream", "theirs")

    def __init__(self, stream: int, mine: NDArray[np.intp], theirs: NDArray[np.intp]) -> None:
        self.stream = stream
        self.mine = mine
        self.theirs = theirs


class Head:
    """Rows of the newest samples.

    Attributes:
        arena: Their values.
    """

    def __init__(self, capacity: int, first_segment: int) -> None:
        """``capacity`` is in bytes of values."""
        self.first_segment = first_segment
        self.last_segment = first_segment
        self.rows = 0
        self.streams = 0
        self.series = 0
        self.samples = 0
        self.min_time, self.max_time = _NEVER.max, _NEVER.min
        self.arena = Arena(capacity)
        most = self.arena.capacity // VALUE_BYTES
        self._row_times = reserved(most, np.int64)
        self._row_at = reserved(most, np.uint32)
        self._previous = reserved(most, np.int32)
        self._times_view, self._at_view = view_of(self._row_times), view_of(self._row_at)
        self._previous_view = view_of(self._previous)
        self._stream_targets = reserved(most, np.int32)
        self._stream_tables = reserved(most, np.int32)
        self._oldest = reserved(most, np.int64)
        self._newest = reserved(most, np.int64)
        self._last_row = reserved(most, np.int32)
        self._oldest_view, self._newest_view = view_of(self._oldest), view_of(self._newest)
        self._last_view = view_of(self._last_row)
        self._table_offsets = GrowingArray(np.int64)
        self._table_offsets.append(0)
        self._table_signatures = GrowingArray(np.int32)
        self._tables: dict[int, tuple[Shape, int]] = {}
        self._shapes: list[Shape] = []
        self._by_key: dict[tuple[int, int], int] = {}
        self._wide: dict[int, list[int]] = {}
        self._single: dict[int, dict[int, int]] = {}
        self._rivals: dict[int, list[Rival]] = {}

    @property
    def size(self) -> int:
        """Bytes that its samples take, in memory and in files."""
        return self.samples * VALUE_BYTES + self._bookkeeping()

    @property
    def resident(self) -> int:
        """Bytes of memory that it takes, which nothing but a block gives back."""
        return self.arena.used - self.arena.filed + self._bookkeeping()

    def has_room(self, values: int) -> bool:
        """Whether rows with so many values fit in."""
        return self.arena.used + values * VALUE_BYTES <= self.arena.capacity

    def stream(self, target: int, shape: Shape) -> int:
        """The number of a stream, which is opened if need be."""
        key = (target, id(shape))
        number = self._by_key.get(key)
        if number is None:
            number = self._by_key[key] = self._open(target, shape)
        return number

    def newest(self, stream: int) -> int:
        """The newest timestamp of a stream; less than any, when it is empty."""
        return self._newest_view[stream]

    def is_next(self, stream: int, timestamp: int) -> bool:
        """Whether a row with this timestamp comes after all that could share a sample with it."""
        if timestamp <= self._newest_view[stream]:
            return False
        rivals = self._rivals.get(stream)
        return rivals is None or all(timestamp > self._newest_view[rival.stream] for rival in rivals)

    def append(self, stream: int, timestamp: int, values: bytes | memoryview) -> None:
        """Append a row that ``is_next``, or whose samples are known to be new. ``values`` holds its doubles."""
        self.append_at(stream, timestamp, self.arena.put(values), len(values))

    def append_at(self, stream: int, timestamp: int, at: int, size: int) -> None:
        """``append`` for a row whose values are in the arena: ``size`` bytes of it from ``at`` on."""
        row = self.rows
        self._times_view[row] = timestamp
        self._at_view[row] = at
        self._previous_view[row] = self._last_view[stream]
        self._last_view[stream] = row
        if timestamp > self._newest_view[stream]:
            self._newest_view[stream] = timestamp
        if timestamp < self._oldest_view[stream]:
            self._oldest_view[stream] = timestamp
        if timestamp > self.max_time or timestamp < self.min_time:
            self._cover(timestamp, timestamp)
        self.samples += size // VALUE_BYTES
        self.rows = row + 1

    def merge(self, stream: int, timestamp: int, values: NDArray[np.float64]) -> tuple[int, int, int]:
        """Append a row of which some samples may be there already: those stand, the others are taken.

        Returns:
            (stored, repeated, refused): what became of the values that are not absent.
        """
        bits = values.view(np.uint64).copy()
        wanted = bits != ABSENT_BITS
        repeated = refused = 0
        for rival in self._rivals.get(stream, ()):
            row = self._find(rival.stream, timestamp)
            if row >= 0:
                there = self._row(rival.stream, row)[rival.theirs]
                mine = bits[rival.mine]
                known = (there != ABSENT_BITS) & wanted[rival.mine]
                repeated += int((known & (mine == there)).sum())
                refused += int((known & (mine != there)).sum())
                wanted[rival.mine[known]] = False
        bits[~wanted] = ABSENT_BITS
        row = self._find(stream, timestamp)
        if row >= 0:
            there = self._row(stream, row)
            known = (there != ABSENT_BITS) & wanted
            repeated += int((known & (bits == there)).sum())
            refused += int((known & (bits != there)).sum())
            fresh = wanted & ~known
            self._replace(row, np.where(fresh, bits, there))
            stored = int(fresh.sum())
            self.samples += stored
            return stored, repeated, refused
        stored = int(wanted.sum())
        if stored:
            self.append(stream, timestamp, bits.tobytes())
        return stored, repeated, refused

    def append_loose(
        self, streams: NDArray[np.int32], times: NDArray[np.int64], values: NDArray[np.float64]
    ) -> tuple[int, int, int]:
        """Append samples to streams of single values; returns (stored, repeated, refused)."""
        rival = np.zeros(len(streams), np.bool_)
        if self._rivals:
            rival[:] = [stream in self._rivals for stream in streams.tolist()]
        stored = repeated = refused = 0
        for i in np.flatnonzero(rival).tolist():
            counts = self.merge(int(streams[i]), int(times[i]), values[i : i + 1])
            stored, repeated, refused = stored + counts[0], repeated + counts[1], refused + counts[2]
        plain = ~rival
        if plain.any():
            chosen = times[plain]
            counts = kernels.append_single(
                streams[plain], chosen, values[plain].view(np.uint64), self._newest, self._oldest, self._last_row,
                self._previous, self._row_times, self._row_at, self.arena.words, self.rows, self.arena.used,
            )  # fmt: skip
            self._cover(int(chosen.min()), int(chosen.max()))
            self.arena.used += counts[0] * VALUE_BYTES
            self.samples += counts[0]
            self.rows += counts[0]
            stored, repeated, refused = stored + counts[0], repeated + counts[1], refused + counts[2]
        return stored, repeated, refused

    def view(self) -> HeadView:
        """What is in the head now, to read. For one reader."""
        rows, streams = self.rows, self.streams
        directory = Directory(
            self._stream_targets[:streams],
            self._stream_tables[:streams],
            self._oldest[:streams],
            self._newest[:streams],
            self._table_offsets.view(),
            self._table_signatures.view(),
        )
        return HeadView(
            directory, self.min_time, self.max_time, rows, self._last_row, self._previous, self._row_times,
            self._row_at, self.arena.doubles,
        )  # fmt: skip

    def _bookkeeping(self) -> int:
        return self.rows * ROW_BYTES + self.streams * STREAM_BYTES

    def _cover(self, first: int, last: int) -> None:
        if first < self.min_time:
            self.min_time = first
        if last > self.max_time:
            self.max_time = last

    def _find(self, stream: int, timestamp: int) -> int:
        if not self._oldest_view[stream] <= timestamp <= self._newest_view[stream]:
            return -1
        row = self._last_view[stream]
        while row >= 0 and self._times_view[row] != timestamp:
            row = self._previous_view[row]
        return row

    def _row(self, stream: int, row: int) -> NDArray[np.uint64]:
        """The bits of a row, to read."""
        shape = self._shapes[self._stream_tables[stream]]
        return self._bits(row, len(shape.signatures))

    def _bits(self, row: int, width: int) -> NDArray[np.uint64]:
        at = self._at_view[row]
        return self.arena.words[at : at + width * VALUE_BYTES : VALUE_BYTES]

    def _replace(self, row: int, bits: NDArray[np.uint64]) -> None:
        """Write other bits of a row: in its place, or, where a file is there, elsewhere."""
        if self.arena.is_file(self._at_view[row]):
            self._at_view[row] = self.arena.put(bits.tobytes())
        else:
            self._bits(row, len(bits))[:] = bits

    def _open(self, target: int, shape: Shape) -> int:
        stream = self.streams
        self._stream_targets[stream] = target
        self._stream_tables[stream] = self._table(shape)
        self._oldest[stream], self._newest[stream] = _NEVER.max, _NEVER.min
        self._last_row[stream] = -1
        self.series += len(shape.signatures)
        self._find_rivals(stream, target, shape)
        if shape.width == 1:
            self._single.setdefault(target, {})[int(shape.signatures[0])] = stream
        else:
            self._wide.setdefault(target, []).append(stream)
        self.streams = stream + 1
        return stream

    def _table(self, shape: Shape) -> int:
        known = self._tables.get(id(shape))
        if known is None:
            table = len(self._shapes)
            self._shapes.append(shape)
            self._table_signatures.extend(shape.signatures)
            self._table_offsets.append(len(self._table_signatures))
            known = self._tables[id(shape)] = (shape, table)
        return known[1]

    def _find_rivals(self, stream: int, target: int, shape: Shape) -> None:
        others = list(self._wide.get(target, ()))
        singles = self._single.get(target)
        if singles:
            others += [singles[s] for s in shape.signatures.tolist() if s in singles]
        for other in others:
            theirs = self._shapes[self._stream_tables[other]].signatures
            common: tuple[Any, NDArray[np.intp], NDArray[np.intp]] = np.intersect1d(
                shape.signatures, theirs, assume_unique=True, return_indices=True
            )
            if len(common[1]):
                self._rivals.setdefault(stream, []).append(Rival(other, common[1], common[2]))
                self._rivals.setdefault(other, []).append(Rival(stream, common[2], common[1]))
