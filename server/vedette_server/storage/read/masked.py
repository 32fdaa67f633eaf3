"""A source without what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.deletions import Deletion
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import Selection, select
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Source, Window
from vedette_shared.frames import ABSENT


@dataclass(frozen=True, slots=True)
class Mask:
    """What some deletions leave of a directory.

    Attributes:
        directory: Without the series that are gone as a whole.
        entries: int64, for each entry of it, the entry in the source's own.
        partial: Deletions that take a part of a series' samples, with the series that they take.
    """

    directory: Directory
    entries: Ints
    partial: tuple[tuple[Deletion, Selection], ...]


def make_mask(index: Index, directory: Directory, deletions: Sequence[Deletion]) -> Mask:
    """Return what ``deletions`` leave of ``directory``."""
    tables = [
        np.arange(low, high) for low, high in zip(directory.table_offsets, directory.table_offsets[1:], strict=False)
    ]
    numbers: dict[bytes, int] = {}
    slot_tables = directory.slot_tables.copy()
    partial = []
    for deletion in deletions:
        selection = select(index, deletion.matchers)
        covered = (directory.slot_first >= deletion.start) & (directory.slot_last <= deletion.end)
        touched = (directory.slot_first <= deletion.end) & (directory.slot_last >= deletion.start)
        if (touched & ~covered).any():
            partial.append((deletion, selection))
        for slot in np.flatnonzero(covered & selection.targets[directory.slot_targets]).tolist():
            entries = tables[slot_tables[slot]]
            gone = _taken(selection, int(directory.slot_targets[slot]), directory.table_signatures[entries])
            if gone.any():
                kept = entries[~gone]
                number = numbers.setdefault(kept.tobytes(), len(tables))
                if number == len(tables):
                    tables.append(kept)
                slot_tables[slot] = number
    entries = np.concatenate(tables) if tables else np.zeros(0, np.int64)
    offsets = np.concatenate([[0], np.cumsum([len(table) for table in tables])]).astype(np.int64)
    left = replace(
        directory,
        slot_tables=slot_tables,
        table_offsets=offsets,
        table_signatures=directory.table_signatures[entries],
    )
    return Mask(left, entries, tuple(partial))


class MaskedSource:
    """A source behind a mask. Only for one reader: ``fill`` refers to the last ``window``."""

    def __init__(self, source: Source, mask: Mask) -> None:
        self._source = source
        self._mask = mask
        self._slots: Numbers = np.zeros(0, np.int32)
        self._window = Window(*(np.zeros(0, np.int64) for _ in range(4)))

    @property
    def directory(self) -> Directory:
        return self._mask.directory

    @property
    def min_time(self) -> int:
        return self._source.min_time

    @property
    def max_time(self) -> int:
        return self._source.max_time

    def window(self, slots: Numbers, start: int, end: int) -> Window:
        self._slots, self._window = slots, self._source.window(slots, start, end)
        return self._window

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        own = self._mask.entries[entries].astype(np.int32)
        absent = self._source.fill(slots, own, first_rows, counts, values, at)
        directory, window = self._mask.directory, self._window
        for deletion, selection in self._mask.partial:
            targets, signatures = directory.slot_targets[slots], directory.table_signatures[entries]
            for i in np.flatnonzero(_taken_pairs(selection, targets, signatures)).tolist():
                place = int(np.searchsorted(self._slots, slots[i]))
                begin = int(window.starts[place] + first_rows[i] - window.first_rows[place])
                clock = window.timestamps[begin : begin + int(counts[i])]
                low, high = (
                    np.searchsorted(clock, deletion.start, "left"),
                    np.searchsorted(clock, deletion.end, "right"),
                )
                values[at[i] + low : at[i] + high] = ABSENT
                absent |= bool(high > low)
        return absent


def _taken(selection: Selection, target: int, signatures: Numbers) -> NDArray[np.bool_]:
    return _taken_pairs(selection, np.full(len(signatures), target, np.int32), signatures)


def _taken_pairs(selection: Selection, targets: Numbers, signatures: Numbers) -> NDArray[np.bool_]:
    taken = selection.targets[targets] & selection.signatures[signatures]
    for of_targets, of_signatures in zip(selection.either_targets, selection.either_signatures, strict=True):
        taken &= of_targets[targets] | of_signatures[signatures]
    return taken
