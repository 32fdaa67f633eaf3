"""The head as it becomes a block: single-value streams that share their target and their ticks count as one slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.head import kernels
from vedette_server.storage.head.view import HeadView
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Window
from vedette_server.storage.read.kernels import number

_EVER = 2**62


class GroupedView:
    """A ``Source`` over all rows of a head that takes no more. ``window`` knows no other range than all time."""

    def __init__(self, view: HeadView) -> None:
        self._view = view
        own = view.directory
        self.min_time = view.min_time
        self.max_time = view.max_time
        streams = np.arange(len(own), dtype=np.int32)
        self._offsets, self._found = view.rows(streams)
        self._times = view.times(self._found)
        widths = np.diff(own.table_offsets)[own.slot_tables]
        filled = np.diff(self._offsets) > 0
        wide, single = np.flatnonzero(filled & (widths > 1)), np.flatnonzero(filled & (widths == 1))
        groups, first = self._group(single)
        self._slot_streams = np.concatenate([wide, single[first]])
        self.directory = self._merge_tables(own, len(wide), single, groups)

    def window(self, slots: Numbers, start: int, end: int) -> Window:
        assert start <= self.min_time
        assert end >= self.max_time
        streams = self._slot_streams[slots]
        starts = self._offsets[streams]
        return Window(np.zeros(len(slots), np.int64), self._offsets[streams + 1] - starts, starts, self._times)

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        places = entries - self.directory.table_offsets[self.directory.slot_tables[slots]]
        members = self._member_starts[slots]
        grouped = members >= 0
        streams = self._slot_streams[slots]
        streams[grouped] = self._members[members[grouped] + places[grouped]]
        columns = np.where(grouped, 0, places).astype(np.int32)
        first = self._offsets[streams] + first_rows
        order = np.argsort(first, kind="stable")
        self._view.gather_by_rows(self._found, first, counts, columns, values, at, order)
        return True

    def _group(self, single: NDArray[np.intp]) -> tuple[Ints, Ints]:
        """Number the streams of single values alike that share target and ticks: (numbers, first stream of each)."""
        codes = kernels.clock_codes(self._offsets[single], self._offsets[single + 1], self._times)
        targets = self._view.directory.slot_targets[single].astype(np.uint64)
        return number(codes ^ (targets * np.uint64(0x9E3779B97F4A7C15)))

    def _merge_tables(self, own: Directory, wide: int, single: NDArray[np.intp], groups: Ints) -> Directory:
        """Build the directory: the wide tables as they are, and one for each set of signatures of a group."""
        signatures = own.table_signatures[own.table_offsets[own.slot_tables[single]]]
        order = np.lexsort((signatures, groups))
        self._members = single[order]
        bounds = np.flatnonzero(np.diff(groups[order], prepend=-1, append=-1)) if len(single) else np.zeros(1, np.int64)
        self._member_starts = np.concatenate([np.full(wide, -1, np.int64), bounds[:-1]])
        tables: dict[bytes, int] = {}
        first_new = len(own.table_offsets) - 1
        new_tables = []
        for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            new_tables.append(first_new + tables.setdefault(signatures[order[low:high]].tobytes(), len(tables)))
        sets = [np.frombuffer(key, np.int32) for key in tables]
        streams = self._slot_streams
        offsets = np.cumsum([len(one) for one in sets], dtype=np.int64) + own.table_offsets[-1]
        return Directory(
            own.slot_targets[streams],
            np.concatenate([own.slot_tables[streams[:wide]], np.array(new_tables, np.int32)]),
            own.slot_first[streams],
            own.slot_last[streams],
            np.concatenate([own.table_offsets, offsets]),
            np.concatenate([own.table_signatures, *sets]),
        )
