"""The shape of a block to be: which series it will have, on which clocks, and from which parts of its sources.

In a block each series stands in one slot only. Where a target's series come from several tables (its layout has
changed, say), those that come from the same ones share a slot.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.compaction import kernels
from vedette_server.storage.read.directory import Ints, Numbers, Source


@dataclass(frozen=True, slots=True)
class Plan:
    """Slots, sorted by table and target, and their parts, those of earlier sources first.

    Attributes:
        targets: int32 (slots,), numbers of the index.
        tables: int32 (slots,).
        counts: int64 (slots,), ticks.
        clock_starts: int64 (slots,), where each slot's timestamps begin in ``timestamps``.
        timestamps: int64.
        table_signatures: For each table the signatures, numbers of the index.
        part_offsets: int64 (slots + 1,).
        part_sources: int32 (parts,).
        part_slots: int32 (parts,), the slot in the source.
        part_rows: int64 (parts,), the first row in the source.
        part_counts: int64 (parts,).
        row_at: int64 (parts,), see ``kernels.join_clocks``.
        map_at: int64 (parts,).
        maps: int32.
    """

    targets: Numbers
    tables: Numbers
    counts: Ints
    clock_starts: Ints
    timestamps: Ints
    table_signatures: list[Numbers]
    part_offsets: Ints
    part_sources: Numbers
    part_slots: Numbers
    part_rows: Ints
    part_counts: Ints
    row_at: Ints
    map_at: Ints
    maps: Numbers


@dataclass(frozen=True, slots=True)
class _Slots:
    """The slots of all sources with a tick in the range, ``tables`` numbered in common."""

    sources: Numbers
    slots: Numbers
    targets: Numbers
    tables: Numbers
    rows: Ints
    counts: Ints
    starts: Ints
    pool: Ints


@dataclass(slots=True)
class _Tables:
    """Sets of signatures under numbers."""

    signatures: list[Numbers] = field(default_factory=list)
    _numbers: dict[bytes, int] = field(default_factory=dict)

    def number(self, signatures: Numbers) -> int:
        ordered = np.sort(signatures)
        key = ordered.tobytes()
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.signatures)
            self.signatures.append(ordered)
        return number


def make_plan(sources: Sequence[Source], start: int, end: int) -> Plan | None:
    """Plan a block of all samples of ``sources`` with ``start <= t <= end``; ``None`` if there are none."""
    tables = _Tables()
    slots = _collect(sources, start, end, tables)
    if not len(slots.slots):
        return None
    owners, owner_tables, offsets, members = _slots_to_be(slots, tables)
    order = np.lexsort((owners, owner_tables))
    sizes = np.diff(offsets)[order]
    part_offsets = np.concatenate([[0], np.cumsum(sizes)])
    within = np.arange(part_offsets[-1]) - np.repeat(part_offsets[:-1], sizes)
    parts = members[np.repeat(offsets[:-1][order], sizes) + within]
    counts, timestamps, row_at, map_at, maps = kernels.join_clocks(
        part_offsets, slots.starts[parts], slots.counts[parts], slots.pool
    )
    used, renumbered = np.unique(owner_tables[order], return_inverse=True)
    return Plan(
        owners[order],
        renumbered.astype(np.int32),
        counts,
        np.concatenate([[0], np.cumsum(counts)[:-1]]),
        timestamps,
        [tables.signatures[table] for table in used.tolist()],
        part_offsets,
        slots.sources[parts],
        slots.slots[parts],
        slots.rows[parts],
        slots.counts[parts],
        row_at,
        map_at,
        maps,
    )


def _collect(sources: Sequence[Source], start: int, end: int, tables: _Tables) -> _Slots:
    found: list[tuple[NDArray[Any], ...]] = []
    pools: list[Ints] = [np.zeros(0, np.int64)]
    before = 0
    for number, source in enumerate(sources):
        directory = source.directory
        chosen = np.flatnonzero((directory.slot_first <= end) & (directory.slot_last >= start)).astype(np.int32)
        window = source.window(chosen, start, end)
        some = np.flatnonzero(window.counts)
        chosen = chosen[some]
        common = np.zeros(len(directory.table_offsets), np.int64)
        for table in np.unique(directory.slot_tables[chosen]).tolist():
            low, high = directory.table_offsets[table], directory.table_offsets[table + 1]
            common[table] = tables.number(directory.table_signatures[low:high])
        found.append(
            (
                np.full(len(chosen), number),
                chosen,
                directory.slot_targets[chosen],
                common[directory.slot_tables[chosen]],
                window.first_rows[some],
                window.counts[some],
                window.starts[some] + before,
            )
        )
        pools.append(window.timestamps)
        before += len(window.timestamps)
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    narrow = [column.astype(np.int32) for column in columns[:4]]
    return _Slots(narrow[0], narrow[1], narrow[2], narrow[3], columns[4], columns[5], columns[6], np.concatenate(pools))


def _slots_to_be(slots: _Slots, tables: _Tables) -> tuple[Numbers, Numbers, Ints, Ints]:
    """Return (targets, tables, offsets, members): the block's slots, and the indices of their parts in ``slots``."""
    order = np.lexsort((slots.sources, slots.tables, slots.targets))
    targets, numbers = slots.targets[order], slots.tables[order]
    fresh = np.flatnonzero((np.diff(targets, prepend=-1) != 0) | (np.diff(numbers, prepend=-1) != 0))
    ends = np.append(fresh[1:], len(order))
    group_targets, group_tables = targets[fresh], numbers[fresh]
    alone = (np.diff(group_targets, prepend=-1) != 0) & (np.diff(group_targets, append=-1) != 0)
    if alone.all():
        return group_targets, group_tables, np.append(fresh, len(order)), order
    owners = group_targets[alone].tolist()
    owner_tables = group_tables[alone].tolist()
    members = [order[low:high] for low, high in zip(fresh[alone].tolist(), ends[alone].tolist(), strict=True)]
    crowd = np.flatnonzero(~alone)
    bounds = np.append(np.flatnonzero(np.diff(group_targets[crowd], prepend=-1)), len(crowd)).tolist()
    patterns: dict[tuple[int, ...], list[tuple[int, NDArray[np.bool_]]]] = {}
    for low, high in itertools.pairwise(bounds):
        groups = crowd[low:high]
        key = tuple(group_tables[groups].tolist())
        classes = patterns.get(key)
        if classes is None:
            classes = patterns[key] = _classes(key, tables)
        for table, chosen in classes:
            parts = np.concatenate([order[fresh[g] : ends[g]] for g in groups[chosen].tolist()])
            owners.append(int(group_targets[groups[0]]))
            owner_tables.append(table)
            members.append(parts[np.argsort(slots.sources[parts], kind="stable")])
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in members])])
    return np.array(owners, np.int32), np.array(owner_tables, np.int32), offsets, np.concatenate(members)


def _classes(numbers: tuple[int, ...], tables: _Tables) -> list[tuple[int, NDArray[np.bool_]]]:
    """Part the signatures of some tables by the tables that have them: (new table, which of the tables)."""
    sets = [tables.signatures[number] for number in numbers]
    signatures, inverse = np.unique(np.concatenate(sets), return_inverse=True)
    membership = np.zeros((len(signatures), len(sets)), np.bool_)
    membership[inverse, np.repeat(np.arange(len(sets)), [len(s) for s in sets])] = True
    if len(sets) > _MANY and (membership.sum(axis=1) == 1).all():
        return [(number, np.arange(len(sets)) == i) for i, number in enumerate(numbers)]
    rows, kinds = np.unique(membership, axis=0, return_inverse=True)
    return [(tables.number(signatures[kinds.reshape(-1) == kind]), row) for kind, row in enumerate(rows)]


_MANY = 64
