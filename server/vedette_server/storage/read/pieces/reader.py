"""A source of samples over the pieces of blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.block.codec import Piece
from vedette_server.storage.read.cache import Key
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Window
from vedette_server.storage.read.pieces import kernels
from vedette_server.storage.read.pieces.layout import PieceLayout, join
from vedette_shared.frames import ABSENT_BITS

AT_ONCE = 64
"""So many pieces are held at once."""

MANY_PIECES = 1024
"""So many are read by a thread for each processor."""

_ABSENT = int(np.uint64(ABSENT_BITS).view(np.int64))
_helpers = ThreadPoolExecutor(os.cpu_count() or 1, "pieces")


class Pieced(Protocol):
    """What has pieces: a block."""

    @property
    def number(self) -> int:
        """Its own."""
        ...

    @property
    def layout(self) -> PieceLayout:
        """What lies where."""
        ...

    @property
    def min_time(self) -> int:
        """The first timestamp."""
        ...

    @property
    def max_time(self) -> int:
        """The last one."""
        ...

    def known_pieces(self, keys: Sequence[Key]) -> list[Piece | None]:
        """The pieces of any blocks, by block and number, that are decoded already, else ``None``."""
        ...

    def piece(self, number: int) -> Piece | None:
        """A piece of values, or of clocks where ``number`` is below 0, -1 the first one; ``None`` if it is damaged."""
        ...


class PieceReader:
    """A ``Source`` over one or more blocks, in the order in which they were written."""

    def __init__(self, blocks: Sequence[Pieced]) -> None:
        self.min_time = min(block.min_time for block in blocks)
        self.max_time = max(block.max_time for block in blocks)
        self._blocks = blocks
        layouts = [block.layout for block in blocks]
        self._layout = join(layouts)
        self._numbers = np.array([block.number for block in blocks])
        self._first_clocks = np.cumsum([0, *(len(layout.clock_pieces) - 1 for layout in layouts)])
        self._first_values = np.cumsum([0, *(len(layout.value_pieces) - 1 for layout in layouts)])

    @property
    def directory(self) -> Directory:
        return self._layout.directory

    def window(self, slots: Numbers, start: int, end: int) -> Window:
        layout = self._layout
        which, places, counts, needed, bounds, order = kernels.find_clocks(
            layout.slot_clocks, slots, layout.clock_starts, layout.clock_pieces
        )
        pieces = self._clocks(needed)
        return Window(
            *kernels.cut_clocks(
                _addresses(pieces), needed, layout.clock_pieces, bounds, order, places, counts, which, start, end
            )
        )

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        layout = self._layout
        places, needed, bounds, order = kernels.find_values(
            layout.entry_starts, layout.slot_offsets, entries, slots, first_rows, layout.value_pieces
        )
        bits = values.view(np.int64)

        def copy(low: int) -> bool:
            """Copy out of the next pieces, and tell whether any of them has absent values."""
            chosen = needed[low : low + AT_ONCE]
            pieces = self._values(chosen)
            kernels.copy_values(
                _addresses(pieces), chosen, layout.value_pieces, bounds[low : low + len(chosen) + 1], order, places,
                counts, bits, at, _ABSENT,
            )  # fmt: skip
            return any(piece is None or piece.has_absent for piece in pieces)

        portions = range(0, len(needed), AT_ONCE)
        return any([*(_helpers.map(copy, portions) if len(needed) >= MANY_PIECES else map(copy, portions))])

    def _clocks(self, needed: Ints) -> list[Piece | None]:
        owners = np.searchsorted(self._first_clocks, needed, "right") - 1
        return self._load(owners, -1 - (needed - self._first_clocks[owners]))

    def _values(self, needed: Ints) -> list[Piece | None]:
        owners = np.searchsorted(self._first_values, needed, "right") - 1
        return self._load(owners, needed - self._first_values[owners])

    def _load(self, owners: Ints, numbers: Ints) -> list[Piece | None]:
        found = self._blocks[0].known_pieces(list(zip(self._numbers[owners].tolist(), numbers.tolist(), strict=True)))
        for i, piece in enumerate(found):
            if piece is None:
                found[i] = self._blocks[owners[i]].piece(int(numbers[i]))
        return found


def _addresses(pieces: Sequence[Piece | None]) -> Ints:
    return np.array([0 if piece is None else piece.address for piece in pieces], np.int64)
