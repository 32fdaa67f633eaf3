"""Opening a store: what the files say, and the replay of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from vedette_server.storage.arrays import GrowingArray
from vedette_server.storage.block.meta import SUFFIX
from vedette_server.storage.block.reader import Block
from vedette_server.storage.checkpoint import NAME as CHECKPOINT_NAME
from vedette_server.storage.checkpoint import Checkpoint, read_checkpoint
from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.index.identity import Index
from vedette_server.storage.intake import Intake
from vedette_server.storage.interface import LooseSamples
from vedette_server.storage.log import framing
from vedette_server.storage.log.records import (
    EndsRecord,
    FramesRecord,
    LooseRecord,
    Record,
    RecordError,
    decode_record,
)
from vedette_server.storage.log.segments import read_segment, segment_path
from vedette_server.storage.read.cache import PieceCache
from vedette_shared.frames import Frame, Layout
from vedette_shared.logs import get_logger

_logger = get_logger(__name__)

Damaged = Callable[[], None]


def open_blocks(folder: DataFolder, index: Index, cache: PieceCache, damaged: Damaged) -> list[Block]:
    """Open all blocks; set damaged ones aside, and finish or undo a merging that was cut off."""
    blocks = []
    for path in sorted(folder.blocks.glob(f"*{SUFFIX}")):
        try:
            blocks.append(Block(path, index, cache))
        except DamagedFileError as error:
            folder.set_aside(path, error)
            damaged()
    keep, drop = resolve(blocks)
    for block in drop:
        block.path.unlink()
    return keep


def resolve(blocks: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """Part blocks in those that count and those that a merging left behind.

    Blocks of a merging count when all of them are there, or when those that they replace are not all there any more: a
    merging removes nothing before it is whole. What a merging that counts replaces does not count.
    """
    names = {block.name for block in blocks}
    undone = {
        block.name
        for block in blocks
        if not names.issuperset(block.meta.siblings) and block.meta.replaces and names.issuperset(block.meta.replaces)
    }
    replaced = {name for block in blocks if block.name not in undone for name in block.meta.replaces}
    gone = undone | replaced
    return [block for block in blocks if block.name not in gone], [block for block in blocks if block.name in gone]


def load_checkpoint(folder: DataFolder, damaged: Damaged) -> Checkpoint:
    """Return the checkpoint; an empty one if there is none that can be read."""
    try:
        found = read_checkpoint(folder.path)
    except DamagedFileError as error:
        folder.set_aside(folder.path / CHECKPOINT_NAME, error)
        damaged()
        found = None
    return found or Checkpoint(0, [], [])


class Replay:
    """Takes segments of the log into an intake."""

    def __init__(self, folder: DataFolder, intake: Intake, damaged: Damaged) -> None:
        self._folder = folder
        self._intake = intake
        self._damaged = damaged
        self._last = False

    def segment(self, number: int, *, samples: bool, last: bool) -> None:
        """Replay one segment.

        Args:
            number: Which.
            samples: Whether its samples are wanted, or only what it says of senders and sources.
            last: Whether it is the newest, whose end may be torn.
        """
        path = segment_path(self._folder.log, number)
        sets = GrowingArray(np.int64)
        for part in read_segment(path, number):
            if isinstance(part, framing.Damage):
                self._report(path, part, last=last)
                continue
            try:
                self._apply(decode_record(part), sets, samples=samples)
            except RecordError as error:
                self._damaged()
                _logger.error("a record of the log is left out", file=path, reason=error)

    def _apply(self, record: Record, sets: GrowingArray, *, samples: bool) -> None:
        if isinstance(record, Layout):
            self._intake.layout(record)
        elif isinstance(record, FramesRecord):
            self._frames(record, samples=samples)
        elif isinstance(record, LooseRecord):
            sets.extend(self._intake.index.loose(record.labels))
            if samples:
                self._loose(record, sets)
        elif isinstance(record, EndsRecord):
            for end in record.ends:
                if samples:
                    self._intake.end(end, _ALWAYS)
                else:
                    self._intake.sources.of(end.target, end.source).note(b"", end.timestamp)

    def _frames(self, record: FramesRecord, *, samples: bool) -> None:
        known = [frame for frame in record.frames if self._fits(frame)]
        if len(known) < len(record.frames):
            self._damaged()
            _logger.error(
                "frames are left out, as their layout is lost",
                frames=len(record.frames) - len(known),
                agent=record.sender.agent,
            )
        if samples:
            self._intake.frames(record.sender, known, _ALWAYS)
            return
        seen = self._intake.sequences.of(record.sender)
        for frame in known:
            if frame.sequence and frame.sequence not in seen:
                seen.add(frame.sequence)
                self._intake.sources.of(frame.target, frame.source).note(frame.layout, frame.timestamp)

    def _fits(self, frame: Frame) -> bool:
        layouts = self._intake.index.layouts
        return frame.layout in layouts and layouts.width(frame.layout) * 8 == len(frame.values)

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


_ALWAYS = -(2**63)


def layouts_of(catalog: Iterable[Layout], intake: Intake) -> None:
    """Take in the layouts of the catalog."""
    for layout in catalog:
        intake.index.layouts.add(layout)
