"""Where the clocks and the values of series lie in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.read.directory import Directory, Ints, Numbers

_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True, slots=True)
class PieceLayout:
    """The values of all series, end to end, cut into pieces; and likewise all clocks.

    Attributes:
        directory: The series.
        slot_clocks: int32 (slots,), the clock of each slot.
        slot_offsets: int64 (slots,). The values of (slot, entry) begin at ``entry_starts[entry] + slot_offsets[slot]``.
        entry_starts: int64 (entries,).
        clock_starts: int64 (clocks + 1,), where each clock's ticks begin.
        clock_pieces: int64 (pieces + 1,), where each piece of clocks begins among all ticks.
        value_pieces: int64 (pieces + 1,), where each piece of values begins among all values.
    """

    directory: Directory
    slot_clocks: Numbers
    slot_offsets: Ints
    entry_starts: Ints
    clock_starts: Ints
    clock_pieces: Ints
    value_pieces: Ints

    @property
    def size(self) -> int:
        """Slots and entries, which are most of the memory that it takes."""
        return len(self.directory) + len(self.directory.table_signatures)


def join(layouts: Sequence[PieceLayout]) -> PieceLayout:
    """The layout of the same pieces one after the other; slots, tables, entries and clocks are numbered on."""
    if len(layouts) == 1:
        return layouts[0]
    directories = [layout.directory for layout in layouts]
    values = [int(layout.value_pieces[-1]) for layout in layouts]
    return PieceLayout(
        Directory(
            np.concatenate([one.slot_targets for one in directories]),
            _shifted([one.slot_tables for one in directories], [len(one.table_offsets) - 1 for one in directories]),
            np.concatenate([one.slot_first for one in directories]),
            np.concatenate([one.slot_last for one in directories]),
            _bounds([one.table_offsets for one in directories]),
            np.concatenate([one.table_signatures for one in directories]),
        ),
        _shifted([layout.slot_clocks for layout in layouts], [len(layout.clock_starts) - 1 for layout in layouts]),
        np.concatenate([layout.slot_offsets for layout in layouts]),
        _shifted([layout.entry_starts for layout in layouts], values),
        _bounds([layout.clock_starts for layout in layouts]),
        _bounds([layout.clock_pieces for layout in layouts]),
        _bounds([layout.value_pieces for layout in layouts]),
    )


def _shifted(parts: Sequence[NDArray[_Kind]], sizes: Sequence[int]) -> NDArray[_Kind]:
    """The parts end to end, each raised by the sizes of those before it."""
    before = np.cumsum([0, *sizes[:-1]])
    joined: NDArray[_Kind] = np.concatenate(
        [(part + base).astype(part.dtype) for part, base in zip(parts, before, strict=True)]
    )
    return joined


def _bounds(parts: Sequence[Ints]) -> Ints:
    """Bounds, each part of which begins with 0, as bounds of the whole."""
    ends = np.cumsum([0, *(int(part[-1]) for part in parts)])
    return np.concatenate([ends[:1], *(part[1:] + base for part, base in zip(parts, ends[:-1], strict=True))])
