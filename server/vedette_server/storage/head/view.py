"""The head as a reader sees it: what was there at one moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.head import kernels
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Window

_EVER = 2**62


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
        row_at: NDArray[np.uint32],
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
        offsets, self._found = self.rows(slots, start, end)
        return Window(offsets[:-1], np.diff(offsets), offsets[:-1], self.times(self._found))

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        columns = entries - self.directory.table_offsets[self.directory.slot_tables[slots]]
        self.gather(self._found, first_rows, counts, columns, values, at)
        return True

    def rows(self, streams: Numbers, start: int = -_EVER, end: int = _EVER) -> tuple[Ints, Ints]:
        """The rows of some streams in a range of time, see ``kernels.ordered_rows``."""
        found: tuple[Ints, Ints] = kernels.ordered_rows(
            streams, self._last_row, self._previous, self._row_times, self._rows, start, end
        )
        return found

    def times(self, rows: Ints) -> Ints:
        """The timestamps of rows."""
        return self._row_times[rows]

    def gather(
        self, rows: Ints, first: Ints, counts: Ints, columns: Numbers, values: NDArray[np.float64], at: Ints
    ) -> None:
        """Copy columns out of rows, see ``kernels.gather``."""
        kernels.gather(rows, self._row_at, self._arena, first, counts, columns, values, at)

    def gather_by_rows(
        self,
        rows: Ints,
        first: Ints,
        counts: Ints,
        columns: Numbers,
        values: NDArray[np.float64],
        at: Ints,
        order: NDArray[np.intp],
    ) -> None:
        """Copy columns out of rows, see ``kernels.gather_by_rows``."""
        kernels.gather_by_rows(rows, self._row_at, self._arena, first, counts, columns, values, at, order)
