"""The head as a reader sees it: what was there at one moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.head import kernels
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Window


class HeadView:
    """A ``Source`` over the rows of a head. Only for one reader: ``fill`` refers to the last ``window``."""

    def __init__(
        self,
        directory: Directory,
        min_time: int,
        max_time: int,
        rows: int,
        last_row: Numbers,
        previous: Numbers,
        row_times: Ints,
        row_at: Numbers,
        arena: NDArray[np.float64],
    ) -> None:
        self.directory = directory
        self.min_time = min_time
        self.max_time = max_time
        self._rows = rows
        self._last_row = last_row
        self._previous = previous
        self._row_times = row_times
        self._row_at = row_at
        self._arena = arena
        self._found: Ints = np.zeros(0, np.int64)

    def window(self, slots: Numbers, start: int, end: int) -> Window:
        offsets, found = kernels.ordered_rows(
            slots, self._last_row, self._previous, self._row_times, self._rows, start, end
        )
        self._found = found
        return Window(offsets[:-1], np.diff(offsets), offsets[:-1], self._row_times[found])

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        columns = entries - self.directory.table_offsets[self.directory.slot_tables[slots]]
        kernels.gather(self._found, self._row_at, self._arena, first_rows, counts, columns, values, at)
        return True
