"""Kernels that make parts of what a source picked, and lay the parts of all sources end to end.

They do in one call what is many steps: for a small query the calls cost more than the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled
from vedette_server.storage.read.kernels import group_parts, number, place_parts, share_clocks, write_clocks

Array = NDArray[Any]

TARGET, SIGNATURE, SLOT, ENTRY, FIRST_ROW, COUNT, START = range(7)
"""The rows of the parts' table, see ``spread``."""


@compiled
def spread(
    slots: Array,
    offsets: Array,
    entries: Array,
    first_rows: Array,
    counts: Array,
    starts: Array,
    slot_targets: Array,
    table_signatures: Array,
) -> Array:
    """Make a table of the series that were picked and have ticks in the range of time.

    Args:
        slots: int32 (k,), of ``Picked``.
        offsets: int64 (k + 1,), of ``Picked``.
        entries: int32, of ``Picked``.
        first_rows: int64 (k,), of ``Window``.
        counts: int64 (k,), of ``Window``.
        starts: int64 (k,), of ``Window``.
        slot_targets: int32, of ``Directory``.
        table_signatures: int32, of ``Directory``.

    Returns:
        int64 (7, parts): a row for each of ``TARGET`` … ``START``.
    """
    total = 0
    for k in range(len(slots)):
        if counts[k] > 0:
            total += offsets[k + 1] - offsets[k]
    table = np.empty((7, total), np.int64)
    part = 0
    for k in range(len(slots)):
        if counts[k] == 0:
            continue
        for i in range(offsets[k], offsets[k + 1]):
            table[TARGET, part] = slot_targets[slots[k]]
            table[SIGNATURE, part] = table_signatures[entries[i]]
            table[SLOT, part] = slots[k]
            table[ENTRY, part] = entries[i]
            table[FIRST_ROW, part] = first_rows[k]
            table[COUNT, part] = counts[k]
            table[START, part] = starts[k]
            part += 1
    return table


@compiled
def lay_out(
    table: Array, pool: Array, target_sums: Array, signature_sums: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Join the parts of equal label sets to series, and lay those end to end.

    Args:
        table: From ``spread``, of all sources; ``START`` counts in ``pool``.
        pool: int64, the timestamps of all parts.
        target_sums: uint64, the hash of each target's labels.
        signature_sums: uint64, the hash of each signature's labels.

    Returns:
        (owners, offsets, parts, series_offsets, at, overlapping): int64 (series,), a part of each series; for the
        others see ``group_parts`` and ``place_parts``.
    """
    count = table.shape[1]
    keys = np.empty(count, np.uint64)
    first, last = np.empty(count, np.int64), np.empty(count, np.int64)
    for part in range(count):
        keys[part] = target_sums[table[TARGET, part]] + signature_sums[table[SIGNATURE, part]]
        begin = table[START, part]
        first[part], last[part] = pool[begin], pool[begin + table[COUNT, part] - 1]
    series, owners = number(keys)
    offsets, parts = group_parts(series, len(owners), first)
    series_offsets, at, overlapping = place_parts(offsets, parts, first, last, table[COUNT])
    return owners, offsets, parts, series_offsets, at, overlapping


@compiled
def write_times(
    table: Array, pool: Array, offsets: Array, parts: Array, series_offsets: Array, ragged: Array
) -> tuple[Array, Array, int]:
    """Write the timestamps of the series that are not ``ragged``, a clock for all that share theirs.

    Returns:
        (clocks, timestamps, size): int64 (series,), where each series' clock begins, -1 without one; int64, with room
        for clocks of the ragged ones at the end; and up to where it is filled.
    """
    starts, counts = table[START], table[COUNT]
    clocks, owners, sizes = share_clocks(offsets, parts, starts, counts, ~ragged)
    room = sizes[0]
    for i in range(len(ragged)):
        if ragged[i]:
            room += series_offsets[i + 1] - series_offsets[i]
    timestamps = np.empty(room, np.int64)
    write_clocks(owners, clocks, offsets, parts, starts, counts, pool, timestamps)
    return clocks, timestamps, sizes[0]
