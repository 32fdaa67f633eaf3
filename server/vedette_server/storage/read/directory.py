"""Which series a part of the store holds, factored: slots and tables instead of one entry for each series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.index.selection import Selection
from vedette_server.storage.read import kernels

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Directory:
    """A *slot* is one target with one clock; its *table* says which signatures have a value at every tick of it.

    Attributes:
        slot_targets: int32 (slots,), target numbers of the index.
        slot_tables: int32 (slots,).
        slot_first: int64 (slots,), the first timestamp.
        slot_last: int64 (slots,), the last timestamp.
        table_offsets: int64 (tables + 1,), where each table's entries begin.
        table_signatures: int32 (entries,), signature numbers of the index.
    """

    slot_targets: Numbers
    slot_tables: Numbers
    slot_first: Ints
    slot_last: Ints
    table_offsets: Ints
    table_signatures: Numbers

    def __len__(self) -> int:
        return len(self.slot_targets)

    def series_count(self) -> int:
        """The number of (slot, signature) pairs."""
        return int(np.diff(self.table_offsets)[self.slot_tables].sum())

    def pick(self, selection: Selection, start: int, end: int) -> Picked:
        """The slots that touch ``start <= t <= end`` with those of their entries that the selection takes."""
        slots, offsets, entries = kernels.pick(
            self.slot_targets,
            self.slot_tables,
            self.slot_first,
            self.slot_last,
            self.table_offsets,
            self.table_signatures,
            selection.targets,
            selection.signatures,
            selection.either_targets,
            selection.either_signatures,
            start,
            end,
        )
        return Picked(slots, offsets, entries)


@dataclass(frozen=True, slots=True)
class Picked:
    """Chosen series, by slot.

    Attributes:
        slots: int32 (k,), ascending.
        offsets: int64 (k + 1,), where each slot's entries begin.
        entries: int32, indices into ``Directory.table_signatures``.
    """

    slots: Numbers
    offsets: Ints
    entries: Numbers

    def pairs(self, directory: Directory) -> tuple[Numbers, Numbers]:
        """The target and the signature of each series, int32."""
        slots = np.repeat(self.slots, np.diff(self.offsets))
        return directory.slot_targets[slots], directory.table_signatures[self.entries]


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of each of ``k`` slots' clocks that lies in a range of time.

    Attributes:
        first_rows: int64 (k,), which tick of the slot is the first one.
        counts: int64 (k,), how many ticks.
        starts: int64 (k,), where they begin in ``timestamps``.
        timestamps: int64, increasing within each stretch.
    """

    first_rows: Ints
    counts: Ints
    starts: Ints
    timestamps: Ints


class Source(Protocol):
    """A part of the store that can be read: the head or a block. It does not change while a reader holds it."""

    @property
    def directory(self) -> Directory:
        """What it holds."""
        ...

    @property
    def min_time(self) -> int:
        """The first timestamp."""
        ...

    @property
    def max_time(self) -> int:
        """The last timestamp; less than ``min_time`` when it is empty."""
        ...

    def window(self, slots: Numbers, start: int, end: int) -> Window:
        """The clocks of some slots, cut to a range of time."""
        ...

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        """Write the values of ``n`` series: ``counts[i]`` of series ``i`` from its row ``first_rows[i]`` on,
        to ``values[at[i]:]``. Series whose bytes are damaged are given as absent. Tell whether any value may be absent.
        """
        ...
