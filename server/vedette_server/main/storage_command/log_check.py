"""Checking a segment of the log, or the catalog of layouts, which is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.log import framing
from vedette_server.storage.log.records import FramesRecord, LooseRecord, Record, RecordError, decode_record
from vedette_server.storage.log.segments import read_segment
from vedette_shared.frames import Layout


@dataclass(slots=True)
class SegmentCheck:
    """What is wrong with a segment.

    Attributes:
        damages: Damaged places.
        torn: Its end, if it is no whole record; in the newest segment that is what a crash, or a server that writes at
            this moment, leaves.
    """

    damages: list[DamagedFileError] = field(default_factory=list)
    torn: framing.Damage | None = None


def check_segment(path: Path, number: int, advance: Callable[[int], object]) -> SegmentCheck:
    """Read every record of the segment ``number``.

    Raises:
        FileNotFoundError: it is gone.
    """
    found = SegmentCheck()
    if not path.stat().st_size:
        found.torn = framing.Damage(0, 0, torn=True)
    meaning = _Meaning()
    at = framing.SEGMENT_HEAD
    for part in read_segment(path, number):
        if isinstance(part, framing.Damage):
            if part.torn:
                found.torn = part
            else:
                what = "the head of the segment is wrong" if part.offset == 0 else f"{part.length} bytes are no record"
                found.damages.append(DamagedFileError(path, part.offset, what))
            advance(part.length)
            at = part.offset + part.length
            continue
        try:
            fault = meaning.fault(decode_record(part))
        except RecordError as error:
            fault = str(error)
        if fault:
            found.damages.append(DamagedFileError(path, at, fault))
        size = framing.RECORD_HEAD + len(part)
        advance(size)
        at += size
    return found


class _Meaning:
    """What the records of a segment refer to: each layout and label set stands before its first use."""

    def __init__(self) -> None:
        self._widths: dict[bytes, int] = {}
        self._sets = 0

    def fault(self, record: Record) -> str:
        """What is wrong with a record; empty if nothing is."""
        if isinstance(record, Layout):
            self._widths[record.hash] = len(record)
        elif isinstance(record, FramesRecord):
            for frame in record.frames:
                if frame.layout not in self._widths:
                    return f"a frame of {record.sender.agent or 'the server'} has lost its layout {frame.layout.hex()}"
                if len(frame.values) != 8 * self._widths[frame.layout]:
                    return f"a frame of {record.sender.agent or 'the server'} does not fit its layout"
        elif isinstance(record, LooseRecord):
            self._sets += len(record.labels)
            series = record.samples.series
            if len(series) and int(series.max()) >= self._sets:
                return "loose samples have lost their labels"
        return ""
