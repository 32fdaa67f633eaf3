"""The spool: takes frames, gives back what a server has not acknowledged, keeps its bounds.

It does its own small file operations, which go to the page cache; only events are forced to the disk.
"""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from vedette_agent.errors import SpoolError
from vedette_agent.sources.framing import NewFrame
from vedette_agent.spool.acknowledged import Acknowledged
from vedette_agent.spool.files import force_to_disk, lock_folder
from vedette_agent.spool.ranges import runs_of
from vedette_agent.spool.records import Head, encode_acknowledged, encode_closed
from vedette_agent.spool.segment import SUFFIX, Segment
from vedette_agent.spool.values import FrameId, SpoolStats, StoredFrame
from vedette_shared.clock import Clock
from vedette_shared.events import Event, fit_events
from vedette_shared.frames import Frame
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
GENERATION_BITS = 64


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Bounds of the spool.

    Attributes:
        bytes: Of all segments together.
        age_ms: Of a frame; older ones are dropped, though nobody has them.
        segment_bytes: A segment that has grown so far is followed by a new one.
        idle_segment_bytes: The same for a segment of which nothing is waiting for acknowledgement.
        memory_frames: How many frames are kept in memory while the disk cannot be written.
    """

    bytes: int = 512 * 2**20
    age_ms: int = 7 * 86_400_000
    segment_bytes: int = 2**20
    idle_segment_bytes: int = 128 * 2**10
    memory_frames: int = 256


class Spool:
    """Frames of this host on their way to ``servers``. Made by ``open``; belongs to one process at a time."""

    def __init__(self, folder: Path, servers: Sequence[str], limits: SpoolLimits, clock: Clock, lock: int) -> None:
        self.stats = SpoolStats()
        self._folder = folder
        self._servers = tuple(servers)
        self._limits = limits
        self._clock = clock
        self._lock = lock
        self._segments: list[Segment] = []
        self._current: Segment | None = None
        self._acknowledged = Acknowledged(servers)
        self._memory: deque[StoredFrame] = deque()
        self._generation = secrets.randbits(GENERATION_BITS) or 1
        self._next_sequence = 1
        self._next_file = 1
        self._writable = True

    @classmethod
    def open(cls, folder: Path, servers: Sequence[str], limits: SpoolLimits, clock: Clock) -> Spool:
        """Open the spool in ``folder``, which is made where it is missing, and read what an earlier run left.

        Raises:
            SpoolError: the folder cannot be used, or another agent uses it.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            spool = cls(folder, servers, limits, clock, lock_folder(folder))
            try:
                spool._recover()
            except BaseException:
                spool.abandon()
                raise
        except OSError as error:
            raise SpoolError(
                f"{folder}: cannot be used as spool: {error.strerror}; name another data folder, or mend this one"
            ) from error
        return spool

    def serve(self, servers: Sequence[str]) -> None:
        """Keep frames for ``servers`` from now on; a new one gets all that is still there."""
        self._servers = tuple(servers)
        self._acknowledged.serve(servers)
        self._remove_finished()

    @property
    def generation(self) -> int:
        """That of new frames."""
        return self._generation

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self._segments)

    def append(self, new: NewFrame, events: Sequence[Event] = ()) -> StoredFrame:
        """Number a frame and keep it with its events; in memory while the disk cannot be written."""
        frame = Frame(self._next_sequence, new.timestamp, new.target, new.source, new.layout.hash, new.values)
        fitted, left_out = fit_events(events)
        self._drop_events("bytes", left_out)
        stored = StoredFrame(self._generation, frame, new.layout, fitted)
        self._next_sequence += 1
        self._memory.append(stored)
        self._write_memory()
        while len(self._memory) > self._limits.memory_frames:
            oldest = self._memory.popleft()
            if self._acknowledged.is_wanted(oldest.id):
                self._drop("memory", 1)
                self._drop_events("memory", len(oldest.events))
        self.keep_bounds()
        return stored

    def acknowledge(self, server: str, ids: Iterable[FrameId]) -> None:
        """Note that ``server`` has the frames ``ids``, and let go of what all servers have."""
        for generation, group in groupby(sorted(ids), key=lambda frame_id: frame_id.generation):
            runs = runs_of(frame_id.sequence for frame_id in group)
            self._acknowledged.note(server, generation, runs)
            self._write(encode_acknowledged(server, generation, runs))
        while self._memory and not self._acknowledged.is_wanted(self._memory[0].id):
            self._memory.popleft()
        self._remove_finished()

    def refuse(self, server: str, ids: Sequence[FrameId]) -> None:
        """Note that ``server`` will never take the frames ``ids``; they are counted and not offered to it again."""
        self._drop("refused", len(ids))
        self.acknowledge(server, ids)

    def refuse_events(self, count: int) -> None:
        """Note that a server will never take so many events, whose frame it may take without them."""
        self._drop_events("refused", count)

    def waiting(self, server: str) -> int:
        """The number of frames that ``server`` has not acknowledged."""
        held = sum(self._count_waiting(server, segment) for segment in self._segments)
        return held + sum(1 for stored in self._memory if self._acknowledged.is_waiting(server, stored.id))

    def oldest_waiting(self, server: str, most_bytes: int) -> list[StoredFrame]:
        """Return the oldest frames of one generation that ``server`` has not acknowledged; at least one if there is.

        Args:
            server: Whose.
            most_bytes: Roughly what they may take in a message, uncompressed.
        """
        for segment in list(self._segments):
            if not self._count_waiting(server, segment):
                continue
            sequences = [
                s for s in segment.sequences if self._acknowledged.is_waiting(server, FrameId(segment.generation, s))
            ]
            if frames := self._read(server, segment, sequences, most_bytes):
                return frames
        held = [stored for stored in self._memory if self._acknowledged.is_waiting(server, stored.id)]
        return _within(held, most_bytes)

    def keep_bounds(self) -> None:
        """Drop the oldest segments while the spool is larger than it may be, or they are older."""
        oldest_ms = self._clock.now_ms() - self._limits.age_ms
        while len(self._segments) > 1:
            segment = self._segments[0]
            if self.size > self._limits.bytes:
                reason = "bytes"
            elif segment.sequences and segment.newest_ms < oldest_ms:
                reason = "age"
            else:
                break
            lost = [s for s in segment.sequences if self._acknowledged.is_wanted(FrameId(segment.generation, s))]
            events = sum(segment.events.get(sequence, 0) for sequence in lost)
            if lost:
                _log.warning("the spool drops its oldest frames", reason=reason, frames=len(lost), events=events)
            self._drop(reason, len(lost))
            self._drop_events(reason, events)
            self._remove(segment)

    def prepare_sync(self) -> Callable[[], None]:
        """Return what makes all that was appended so far outlive a power cut, as far as it is on disk; it blocks.

        Once it is called, the spool may go on, or be closed. Failures are logged.
        """
        try:
            descriptor = self._current.duplicate() if self._current is not None else -1
        except OSError as error:
            self._note_write_error(error)
            descriptor = -1
        return partial(force_to_disk, descriptor, self._folder)

    def close(self) -> None:
        """End in good order."""
        self._write_memory()
        self._write(encode_closed())
        self.abandon()

    def abandon(self) -> None:
        """Let go of the files as a sudden death would."""
        for segment in self._segments:
            segment.close()
        os.close(self._lock)

    def _recover(self) -> None:
        is_last_readable = True
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            self._next_file = int(path.stem) + 1
            segment = Segment.recover(path, self._acknowledged.note)
            is_last_readable = segment is not None
            if segment is None:
                _log.warning("a segment of the spool has no readable head; it is set aside", file=path)
                path.rename(path.with_suffix(".damaged"))
                continue
            self._segments.append(segment)
        if is_last_readable:
            self._continue_numbers()
        for segment in self._segments:
            self._drop("damaged", segment.missing)
        self._remove_finished()
        self.keep_bounds()

    def _continue_numbers(self) -> None:
        """Go on in the generation of the last run where its last number is certain."""
        if not self._segments:
            return
        last = self._segments[-1]
        booted_since = last.head.boot_id != _boot_id()
        certain = not last.damaged and not last.torn and (last.closed or not booted_since)
        if certain:
            self._generation, self._next_sequence = last.generation, last.next_sequence

    def _begin_segment(self) -> Segment:
        """Start a new file, the current one from now on. Raises OSError."""
        path = self._folder / f"{self._next_file:020}{SUFFIX}"
        first = self._memory[0].frame.sequence if self._memory else self._next_sequence
        segment = Segment.create(path, Head(self._generation, first, _boot_id(), self._acknowledged.flat()))
        if self._current is not None:
            self._current.close()
        self._next_file += 1
        self._segments.append(segment)
        self._current = segment
        return segment

    def _write_memory(self) -> None:
        """Move the frames in memory to the disk, as far as it takes them."""
        try:
            while self._memory:
                segment = self._current
                if segment is None or self._is_full(segment):
                    segment = self._begin_segment()
                first = self._memory[0]
                segment.append(first.frame, first.layout, first.events)
                self._memory.popleft()
        except OSError as error:
            self._note_write_error(error)
        else:
            if not self._writable:
                _log.info("the spool can be written again", folder=self._folder)
            self._writable = True

    def _write(self, record: bytes) -> None:
        try:
            if self._current is not None:
                self._current.write(record)
        except OSError as error:
            self._note_write_error(error)

    def _note_write_error(self, error: OSError) -> None:
        self.stats.write_errors += 1
        if self._writable:
            _log.error("the spool cannot be written; frames stay in memory", folder=self._folder, error=error)
        self._writable = False

    def _is_full(self, segment: Segment) -> bool:
        if segment.size >= self._limits.segment_bytes:
            return True
        return segment.size >= self._limits.idle_segment_bytes and not self._has_wanted(segment)

    def _read(self, server: str, segment: Segment, sequences: list[int], most_bytes: int) -> list[StoredFrame]:
        try:
            wanted = _within(segment.read(sequences), most_bytes)
        except OSError as error:
            _log.warning("a segment of the spool cannot be read", file=segment.path, error=error)
            wanted = []
        upto = wanted[-1].frame.sequence if wanted else sequences[-1]
        read = {stored.frame.sequence for stored in wanted}
        lost = [FrameId(segment.generation, s) for s in sequences if s <= upto and s not in read]
        self._drop_events("damaged", sum(segment.events.get(s.frame.sequence, 0) - len(s.events) for s in wanted))
        if lost:
            self._drop("damaged", len(lost))
            self._drop_events("damaged", sum(segment.events.get(each.sequence, 0) for each in lost))
            self.acknowledge(server, lost)
        return wanted

    def _remove_finished(self) -> None:
        """Remove the segments of which every server has all frames, but for the last, which knows the last number."""
        for segment in self._segments[:-1]:
            if not self._has_wanted(segment):
                self._remove(segment)

    def _remove(self, segment: Segment) -> None:
        try:
            segment.remove()
        except OSError as error:
            _log.warning("a segment of the spool cannot be removed", file=segment.path, error=error)
        self._segments.remove(segment)
        self._forget_acknowledged()

    def _forget_acknowledged(self) -> None:
        """Forget what was acknowledged of frames that are gone."""
        floors: dict[int, int] = {self._generation: self._next_sequence}
        for segment in self._segments:
            first = segment.head.next_sequence
            floors[segment.generation] = min(first, floors.get(segment.generation, first))
        if self._memory:
            floors[self._generation] = min(floors[self._generation], self._memory[0].frame.sequence)
        self._acknowledged.forget(floors)

    def _has_wanted(self, segment: Segment) -> bool:
        return self._acknowledged.has_wanted(segment.generation, segment.sequences)

    def _count_waiting(self, server: str, segment: Segment) -> int:
        return self._acknowledged.count_waiting(server, segment.generation, segment.sequences)

    def _drop(self, reason: str, frames: int) -> None:
        self.stats.dropped_frames[reason] += frames

    def _drop_events(self, reason: str, events: int) -> None:
        self.stats.dropped_events[reason] += events


def _within(frames: Iterable[StoredFrame], most_bytes: int) -> list[StoredFrame]:
    taken: list[StoredFrame] = []
    room = most_bytes
    for stored in frames:
        room -= stored.raw_bytes
        if taken and (room < 0 or stored.generation != taken[0].generation):
            break
        taken.append(stored)
    return taken


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""
