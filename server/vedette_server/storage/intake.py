"""Taking samples into the head: live ones, on the trio thread, and those of the log, when a store is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.arrays import NumberedArray
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.layouts import Shape
from vedette_server.storage.interface import LooseSamples, Receipt, SourceEnd
from vedette_server.storage.late import Bits
from vedette_server.storage.log.records import encode_route
from vedette_server.storage.sequences import SequenceMemory, Stretches
from vedette_server.storage.sources import ENDED, SourceHistory, Sources
from vedette_shared.frames import ABSENT, ABSENT_BITS, STALE_NAN, VALUE_BYTES, Frame, Layout, Sender

_ABSENT_END = ABSENT_BITS.to_bytes(8, "little")[3:]
"""What is left without its zeroes is sought in half the time."""
_NOTHING_HELD: Mapping[int, Bits] = {}


@dataclass(slots=True)
class Counts:
    """What became of samples."""

    stored: int = 0
    repeated: int = 0
    refused: int = 0
    too_old: int = 0
    stale_markers: int = 0

    def add(self, counts: tuple[int, int, int]) -> None:
        """Add (stored, repeated, refused)."""
        self.stored += counts[0]
        self.repeated += counts[1]
        self.refused += counts[2]

    def include(self, other: Counts) -> None:
        """Add all of ``other``."""
        self.add((other.stored, other.repeated, other.refused))
        self.too_old += other.too_old
        self.stale_markers += other.stale_markers

    def receipt(self, highest_sequence: int = 0) -> Receipt:
        """The answer to an append."""
        return Receipt(self.stored, self.repeated, self.refused, self.too_old, highest_sequence)


@dataclass(frozen=True, slots=True)
class _Route:
    """Where frames of one target and layout go."""

    stream: int
    shape: Shape
    target: int


@dataclass(frozen=True, slots=True)
class Way:
    """Where frames of one source of a target go as long as they keep their layout.

    Attributes:
        history: What the source reported.
        layout: The hash of the layout.
        stream: Of the head that is current, and of no other.
        size: The bytes of the values.
        target: The number of the target.
        route: What records say of it, see ``RawFrame``.
    """

    history: SourceHistory
    layout: bytes
    stream: int
    size: int
    target: int
    route: bytes


class Intake:
    """Applies records to the current head. For one thread."""

    def __init__(self, index: Index, head: Head) -> None:
        self.index = index
        self.sequences = SequenceMemory()
        self.sources = Sources()
        self.fresh_layouts: list[bytes] = []
        self.head = head
        self._routes: dict[tuple[bytes, bytes], _Route] = {}
        self._ways: dict[tuple[bytes, bytes, str], Way] = {}
        self._loose_streams = NumberedArray()

    def begin(self, head: Head) -> None:
        """Go on in a new head."""
        self.head = head
        self.fresh_layouts = []
        self._routes = {}
        self._ways = {}
        self._loose_streams = NumberedArray()

    def layouts_in_use(self) -> set[bytes]:
        """The layouts that came in this head, or of which it has frames."""
        return {*self.fresh_layouts, *(layout for _, layout in self._routes)}

    def forget_loose(self) -> None:
        """Take no more heed of the numbers that ``Index.loose`` gave."""
        self._loose_streams = NumberedArray()

    def layout(self, layout: Layout) -> None:
        """Take in a layout that is in the log now."""
        if self.index.layouts.add(layout):
            self.fresh_layouts.append(layout.hash)

    def frames(
        self, sender: Sender, frames: Sequence[Frame], oldest: int, held: Mapping[int, Bits] = _NOTHING_HELD
    ) -> tuple[Counts, int]:
        """Take in frames.

        Args:
            sender: Whose frames they are.
            frames: In the order in which they came.
            oldest: Samples before this time (ms) are left out.
            held: By the place of a frame in ``frames``, what the store holds of its samples outside the head.

        Returns:
            The counts, and the sender's highest sequence.
        """
        counts = Counts()
        seen = self.sequences.of(sender)
        for place, frame in enumerate(frames):
            self._frame(frame, seen, oldest, counts, held.get(place))
        return counts, seen.highest

    def way(self, frame: Frame) -> Way | None:
        """Where a frame of its target, source and layout, with as many values, went in this head, if one did."""
        way = self._ways.get((frame.target, frame.layout, frame.source))
        return way if way is not None and len(frame.values) == way.size else None

    def follow(self, way: Way, seen: Stretches, sequence: int, timestamp: int) -> bool:
        """Note a frame that goes on the way that is given, if it does; its values are then to be appended."""
        run = way.history.runs[-1]
        if run.layout != way.layout or timestamp <= run.last or not self.head.is_next(way.stream, timestamp):
            return False
        if sequence:
            if sequence in seen:
                return False
            seen.add(sequence)
        run.last = timestamp
        return True

    def loose(
        self,
        numbers: NDArray[np.int64],
        samples: LooseSamples,
        oldest: int,
        held: tuple[NDArray[np.intp], Bits] | None = None,
    ) -> Counts:
        """Take in loose samples.

        Args:
            numbers: Label sets, as ``Index.loose`` numbers them.
            samples: Samples of them.
            oldest: Those before this time (ms) are left out.
            held: Places of samples that the store may hold outside the head, and the bits that it holds there.
        """
        streams = self._loose_stream(numbers)
        counts = Counts()
        good = (samples.timestamps >= oldest) & (samples.values.view(np.uint64) != ABSENT_BITS)
        series, timestamps, values = samples.series, samples.timestamps, samples.values
        counts.too_old = int((timestamps < oldest).sum())
        if held is not None:
            known = held[0][(held[1] != ABSENT_BITS) & good[held[0]]]
            same = values.view(np.uint64)[known] == held[1][np.isin(held[0], known)]
            counts.add((0, int(same.sum()), int((~same).sum())))
            good[known] = False
        if not good.all():
            series, timestamps, values = series[good], timestamps[good], values[good]
        if len(series):
            counts.add(self.head.append_loose(streams[series], timestamps, values))
        return counts

    def end(self, end: SourceEnd, oldest: int) -> Counts:
        """Let the series of a source that ended go stale."""
        counts = Counts()
        history = self.sources.of(end.target, end.source)
        if end.timestamp >= oldest:
            ended = history.note(ENDED, end.timestamp)
            if ended != ENDED:
                self._mark_stale(end.target, ended, ENDED, end.timestamp, counts)
        return counts

    def _frame(self, frame: Frame, seen: Stretches, oldest: int, counts: Counts, held: Bits | None) -> None:
        if frame.sequence:
            if frame.sequence in seen:
                counts.repeated += present(frame.values)
                return
            seen.add(frame.sequence)
        if frame.timestamp < oldest:
            counts.too_old += present(frame.values)
            return
        history = self.sources.of(frame.target, frame.source)
        if (ended := history.note(frame.layout, frame.timestamp)) != ENDED:
            self._mark_stale(frame.target, ended, frame.layout, frame.timestamp, counts)
        route = self._routes.get((frame.target, frame.layout)) or self._route(frame.target, frame.layout)
        values = frame.values
        if route.shape.columns is not None:
            values = np.frombuffer(values, np.float64)[route.shape.columns].tobytes()
        if held is not None:
            values = _without(values, held, counts)
        if self.head.is_next(route.stream, frame.timestamp):
            self.head.append(route.stream, frame.timestamp, values)
            counts.stored += present(values)
            if route.shape.columns is None and history.current == frame.layout:
                self._ways[frame.target, frame.layout, frame.source] = Way(
                    history, frame.layout, route.stream, len(frame.values), route.target, encode_route(frame)
                )
        else:
            counts.add(self.head.merge(route.stream, frame.timestamp, np.frombuffer(values, np.float64)))

    def _mark_stale(self, target: bytes, before: bytes, after: bytes, timestamp: int, counts: Counts) -> None:
        """End the series of layout ``before`` that ``after`` does not have."""
        if before not in self.index.layouts:
            return
        route = self._route(target, before)
        gone: NDArray[np.bool_] = np.ones(len(route.shape.signatures), np.bool_)
        if after != ENDED:
            gone = ~np.isin(route.shape.signatures, self._route(target, after).shape.signatures)
        if gone.any():
            row = np.where(gone, STALE_NAN, ABSENT)
            counts.stale_markers += self.head.merge(route.stream, timestamp, row)[0]

    def _route(self, target: bytes, layout: bytes) -> _Route:
        number = self.index.target(target)
        shape = self.index.shape(number, layout)
        route = self._routes[target, layout] = _Route(self.head.stream(number, shape), shape, number)
        return route

    def _loose_stream(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        known = self._loose_streams.view(self.index.loose_count)
        streams = known[numbers]
        if (streams < 0).any():
            targets, signatures = self.index.loose_targets, self.index.loose_signatures
            for number in np.unique(numbers[streams < 0]).tolist():
                known[number] = self.head.stream(int(targets[number]), self.index.single(int(signatures[number])))
            streams = known[numbers]
        return streams


def _without(values: bytes, held: Bits, counts: Counts) -> bytes:
    """Return a row without the values that are held already."""
    bits = np.frombuffer(values, np.uint64).copy()
    known = (held != ABSENT_BITS) & (bits != ABSENT_BITS)
    repeated = int((bits[known] == held[known]).sum())
    counts.add((0, repeated, int(known.sum()) - repeated))
    bits[known] = ABSENT_BITS
    return bits.tobytes()


def present(values: bytes) -> int:
    """How many of these doubles are not absent."""
    count = len(values) // VALUE_BYTES
    if _ABSENT_END in values:
        count -= int((np.frombuffer(values, np.uint64) == ABSENT_BITS).sum())
    return count
