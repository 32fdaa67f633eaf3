"""The kinds of appends: how each becomes records of the log, and goes into the head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from vedette_server.storage.arrays import NumberedArray
from vedette_server.storage.commit import Append
from vedette_server.storage.index.layouts import Shape
from vedette_server.storage.intake import Counts, Intake
from vedette_server.storage.interface import LooseSamples, Receipt, SourceEnd
from vedette_server.storage.late import Bits, Floors, held_of_frame, held_of_samples
from vedette_server.storage.log import records
from vedette_server.storage.log.framing import frame_record
from vedette_server.storage.read.directory import Source
from vedette_server.storage.state import State
from vedette_shared.frames import VALUE_BYTES, Frame, Layout, Sender
from vedette_shared.labels import Labels


class Taker:
    """What appends need of the store.

    Attributes:
        intake: Takes samples into the head.
        state: Counts them.
        floors: Tell what is late.
        defined: For label sets, as ``Index.loose`` numbers them, the numbers that they have in the log's segment.
        defined_count: How many have one.
        written_layouts: The hashes of the layouts that the log's segment has.
        oldest: The oldest timestamp that is taken now, ms. What is older is not logged, or a replay would take it.
    """

    __slots__ = ("defined", "defined_count", "floors", "intake", "oldest", "state", "written_layouts")

    def __init__(self, intake: Intake, state: State) -> None:
        self.intake = intake
        self.state = state
        self.floors = Floors()
        self.defined = NumberedArray()
        self.defined_count = 0
        self.written_layouts: set[bytes] = set()
        self.oldest = 0

    def forget_loose(self) -> None:
        """Take no more heed of the numbers that ``Index.loose`` gave."""
        self.defined = NumberedArray()

    def begin_segment(self) -> None:
        """Nothing is defined in a new segment."""
        self.revert((0, set()))

    def defined_now(self) -> tuple[int, set[bytes]]:
        """What the segment has, to ``revert`` to it if a write fails."""
        return self.defined_count, self.written_layouts.copy()

    def revert(self, before: tuple[int, set[bytes]]) -> None:
        """Forget what was not written after all."""
        defined = self.defined.view(self.intake.index.loose_count)
        defined[defined >= before[0]] = -1
        self.defined_count, self.written_layouts = before

    def layout_pieces(self, layout_hash: bytes, given: Sequence[Layout] = ()) -> list[bytes]:
        """The record of a layout, known or given, if the segment does not have it yet."""
        if layout_hash in self.written_layouts:
            return []
        self.written_layouts.add(layout_hash)
        layouts = self.intake.index.layouts
        if layout_hash in layouts:
            return framed(layouts.record(layout_hash))
        return framed(records.encode_layout(_among(given, layout_hash)))

    def count_stored(self, samples: int) -> None:
        """Count samples of an append that were all stored."""
        self.state.counts.stored += samples
        self.state.newest = max(self.state.newest, self.intake.head.max_time)

    def count(self, counts: Counts) -> Counts:
        """Count what became of an append."""
        self.state.counts.include(counts)
        self.state.newest = max(self.state.newest, self.intake.head.max_time)
        return counts


class FramesAppend(Append):
    """Frames of one sender, with the layouts that are new."""

    __slots__ = ("_frames", "_held", "_late", "_layouts", "_new", "_sender", "_taker")

    def __init__(self, taker: Taker, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> None:
        seen = taker.intake.sequences.of(sender)
        new = [frame for frame in frames if not frame.sequence or frame.sequence not in seen]
        super().__init__(sum([len(frame.values) for frame in new]) // VALUE_BYTES)
        self.is_new = len(new) > 0
        self._taker = taker
        self._sender = sender
        self._layouts = layouts
        self._frames = frames
        self._new = new
        self._held: dict[int, Bits] = {}
        self._late: dict[int, tuple[int, Shape]] = {}

    def encode(self) -> list[bytes]:
        if not self.is_new:
            return []
        pieces: list[bytes] = []
        for frame in self._frames:
            pieces += self._taker.layout_pieces(frame.layout, self._layouts)
        taken = [frame for frame in self._new if frame.timestamp >= self._taker.oldest]
        if taken:
            pieces += framed(*records.encode_frames(self._sender, taken))
        return pieces

    def layouts(self) -> Iterable[bytes]:
        return [frame.layout for frame in self._frames]

    def late(self) -> bool:
        index, floors = self._taker.intake.index, self._taker.floors
        for place, frame in enumerate(self._frames):
            target = index.target(frame.target)
            if frame.timestamp <= floors.of(target):
                self._late[place] = (target, self._shape(target, frame.layout))
        return len(self._late) > 0

    def examine(self, sources: Sequence[Source]) -> None:
        index = self._taker.intake.index
        for place, (target, shape) in self._late.items():
            held = held_of_frame(index, sources, target, shape, self._frames[place].timestamp)
            if held is not None:
                self._held[place] = held

    def apply(self) -> list[Receipt]:
        taker, intake = self._taker, self._taker.intake
        for layout in self._layouts:
            intake.layout(layout)
        counts, highest = intake.frames(self._sender, self._frames, taker.oldest, self._held)
        return [taker.count(counts).receipt(highest)]

    def _shape(self, target: int, layout_hash: bytes) -> Shape:
        index = self._taker.intake.index
        if layout_hash in index.layouts:
            return index.shape(target, layout_hash)
        return index.layouts.preview(_among(self._layouts, layout_hash), index.targets.labels(target))


class SamplesAppend(Append):
    """Loose samples."""

    __slots__ = ("_generation", "_held", "_labels", "_late", "_numbers", "_samples", "_taker")

    def __init__(self, taker: Taker, labels: Sequence[Labels], samples: LooseSamples) -> None:
        super().__init__(len(samples.series))
        self._taker = taker
        self._labels = labels
        self._number()
        self._samples = samples
        self._late = np.zeros(0, np.intp)
        self._held: Bits = np.zeros(0, np.uint64)

    def encode(self) -> list[bytes]:
        taker = self._taker
        defined = taker.defined.view(taker.intake.index.loose_count)
        new = []
        for place in np.flatnonzero(defined[self._numbers] < 0).tolist():
            number = self._numbers[place]
            if defined[number] < 0:
                defined[number] = taker.defined_count
                taker.defined_count += 1
                new.append(self._labels[place])
        samples = self._samples
        taken = samples.timestamps >= taker.oldest
        numbered = LooseSamples(
            defined[self._numbers[samples.series[taken]]].astype(np.int64),
            samples.timestamps[taken],
            samples.values[taken],
        )
        return framed(records.encode_loose(new, numbered))

    def late(self) -> bool:
        if self._generation != self._taker.intake.index.generation:
            self._number()
        newest = self._taker.floors.of_all(self._taker.intake.index.loose_targets[self._numbers])
        self._late = np.flatnonzero(self._samples.timestamps <= newest[self._samples.series])
        return len(self._late) > 0

    def examine(self, sources: Sequence[Source]) -> None:
        self._held = held_of_samples(self._taker.intake.index, sources, self._numbers, self._samples, self._late)

    def _number(self) -> None:
        index = self._taker.intake.index
        self._generation, self._numbers = index.generation, index.loose(self._labels)

    def apply(self) -> list[Receipt]:
        held = (self._late, self._held) if len(self._held) else None
        counts = self._taker.intake.loose(self._numbers, self._samples, self._taker.oldest, held)
        return [self._taker.count(counts).receipt()]


class EndsAppend(Append):
    """Sources that ended."""

    __slots__ = ("_ends", "_taker")

    def __init__(self, taker: Taker, ends: Sequence[SourceEnd]) -> None:
        super().__init__(sum(_width(taker.intake, end) for end in ends))
        self._taker = taker
        self._ends = ends

    def encode(self) -> list[bytes]:
        taken = [end for end in self._ends if end.timestamp >= self._taker.oldest]
        return framed(records.encode_ends(taken)) if taken else []

    def apply(self) -> list[Receipt]:
        counts = Counts()
        for end in self._ends:
            counts.include(self._taker.intake.end(end, self._taker.oldest))
        return [self._taker.count(counts).receipt()]


def _width(intake: Intake, end: SourceEnd) -> int:
    current = intake.sources.of(end.target, end.source).current
    return intake.index.layouts.width(current) if current in intake.index.layouts else 0


def _among(layouts: Sequence[Layout], layout_hash: bytes) -> Layout:
    return next(layout for layout in layouts if layout.hash == layout_hash)


def framed(*payload: bytes) -> list[bytes]:
    """The pieces of a record, given those of its payload."""
    return [frame_record(*payload), *payload]
