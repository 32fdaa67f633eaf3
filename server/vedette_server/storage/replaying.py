"""The replay of the log: its records go into an intake again, as when they were appended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vedette_server.storage.arrays import GrowingArray
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.intake import Intake, Way
from vedette_server.storage.interface import LooseSamples
from vedette_server.storage.log import framing
from vedette_server.storage.log.records import (
    KIND_FRAMES,
    EndsRecord,
    FramesRecord,
    LooseRecord,
    RawFrame,
    Record,
    RecordError,
    decode_record,
    decode_sender,
    raw_frames,
)
from vedette_server.storage.log.segments import read_segment, segment_path
from vedette_server.storage.sequences import Stretches
from vedette_shared.frames import Frame, Layout, Sender
from vedette_shared.logs import get_logger

_logger = get_logger(__name__)

_ALWAYS = -(2**63)


class LogReplayer:
    """Takes segments of the log into an intake.

    Nearly every frame goes on where the one before it of its source went, and is known by the same bytes: the values of
    those stay where they are, in the file of the segment.
    """

    def __init__(self, folder: DataFolder, intake: Intake, damaged: Callable[[], None]) -> None:
        """``damaged`` is called for each stretch and record that is left out."""
        self._folder = folder
        self._intake = intake
        self._damaged = damaged
        self._senders: dict[bytes, tuple[Sender, Stretches]] = {}
        self._ways: dict[bytes, Way] = {}
        self._sets = GrowingArray(np.int64)

    def segment(self, number: int, *, samples: bool, last: bool) -> None:
        """Replay one segment, without holding it in memory.

        Args:
            number: Which.
            samples: Whether its samples are wanted, or only what it says of senders and sources.
            last: Whether it is the newest, whose end may be torn.

        Raises:
            OSError: it cannot be read.
        """
        path = segment_path(self._folder.log, number)
        self._sets = GrowingArray(np.int64)
        self._senders.clear()
        self._ways.clear()  # of another head, maybe
        if samples:
            self._samples(path, number, last=last)
            return
        for part in read_segment(path, number):
            if isinstance(part, framing.Damage):
                self._report(path, part, last=last)
            else:
                self._record(path, part, -1)

    def _samples(self, path: Path, number: int, *, last: bool) -> None:
        arena = self._intake.head.arena
        with path.open("rb") as file:
            begin, data = arena.load(file)
        for part in framing.scan(data, number):
            if isinstance(part, framing.Damage):
                self._report(path, part, last=last)
            else:
                self._record(path, part[1], begin + part[0])
        arena.release(begin)

    def _record(self, path: Path, payload: memoryview, place: int) -> None:
        """Take a record. ``place`` is where its payload is in the arena; negative, if its samples are not wanted."""
        try:
            if place >= 0 and payload[0] == KIND_FRAMES:
                self._raw_frames(payload, place)
            else:
                self._apply(decode_record(payload), samples=place >= 0)
        except RecordError as error:
            self._damaged()
            _logger.error("a record of the log is left out", file=path, reason=error)

    def _apply(self, record: Record, *, samples: bool) -> None:
        if isinstance(record, Layout):
            self._intake.layout(record)
        elif isinstance(record, FramesRecord):
            self._note(record)
        elif isinstance(record, LooseRecord):
            self._sets.extend(self._intake.index.loose(record.labels))
            if samples:
                self._loose(record, self._sets)
        elif isinstance(record, EndsRecord):
            for end in record.ends:
                if samples:
                    self._intake.end(end, _ALWAYS)
                else:
                    self._intake.sources.of(end.target, end.source).note(b"", end.timestamp)

    def _raw_frames(self, payload: memoryview, place: int) -> None:
        who, frames = raw_frames(payload)
        sender, seen = self._senders.get(who) or self._sender(who)
        intake, head, ways = self._intake, self._intake.head, self._ways
        lost = 0
        for raw in frames:
            way = ways.get(raw.route)
            if way is not None and intake.follow(way, seen, raw.sequence, raw.timestamp):
                head.append_at(way.stream, raw.timestamp, place + raw.at, raw.size)
            else:
                lost += not self._frame(sender, raw, payload)
        self._report_lost(lost, sender)

    def _sender(self, who: bytes) -> tuple[Sender, Stretches]:
        sender = decode_sender(who)
        found = self._senders[who] = sender, self._intake.sequences.of(sender)
        return found

    def _frame(self, sender: Sender, raw: RawFrame, payload: memoryview) -> bool:
        """Take in a frame that needs thought; returns whether its layout is known."""
        frame = raw.decoded(payload)
        if not self._fits(frame):
            return False
        self._intake.frames(sender, [frame], _ALWAYS)
        way = self._intake.way(frame)
        if way is not None:
            self._ways[raw.route] = way
        return True

    def _note(self, record: FramesRecord) -> None:
        """Learn what frames say of their sender and sources; their samples are in a block."""
        known = [frame for frame in record.frames if self._fits(frame)]
        self._report_lost(len(record.frames) - len(known), record.sender)
        seen = self._intake.sequences.of(record.sender)
        for frame in known:
            if frame.sequence in seen:
                continue
            if frame.sequence:
                seen.add(frame.sequence)
            self._intake.sources.of(frame.target, frame.source).note(frame.layout, frame.timestamp)

    def _fits(self, frame: Frame) -> bool:
        layouts = self._intake.index.layouts
        return frame.layout in layouts and layouts.width(frame.layout) * 8 == len(frame.values)

    def _report_lost(self, frames: int, sender: Sender) -> None:
        if frames:
            self._damaged()
            _logger.error("frames are left out, as their layout is lost", frames=frames, agent=sender.agent)

    def _loose(self, record: LooseRecord, sets: GrowingArray) -> None:
        samples = record.samples
        if len(samples.series) and int(samples.series.max()) >= len(sets):
            self._damaged()
            good = samples.series < len(sets)
            _logger.error("loose samples are left out, as their labels are lost", samples=int((~good).sum()))
            samples = LooseSamples(samples.series[good], samples.timestamps[good], samples.values[good])
        self._intake.loose(sets.view(), samples, _ALWAYS)

    def _report(self, path: Path, damage: framing.Damage, *, last: bool) -> None:
        if last and damage.torn:
            _logger.info(
                "the end of the log is torn and left out", file=path, bytes=damage.length, offset=damage.offset
            )
            return
        self._damaged()
        name = f"{path.name}.{damage.offset}"
        with path.open("rb") as file:
            file.seek(damage.offset)
            self._folder.keep_damaged(name, file.read(damage.length))
        _logger.error(
            "a stretch of the log is damaged and left out",
            file=path,
            offset=damage.offset,
            bytes=damage.length,
            kept=name,
        )
