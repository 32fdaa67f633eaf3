"""The kernels of reading beside plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from vedette_server.compiled import in_background
from vedette_server.storage.read import kernels
from vedette_shared.frames import ABSENT_BITS

SEEDS = pytest.mark.parametrize("seed", range(15))


@pytest.fixture(autouse=True)
def compiled_kernels() -> Iterator[None]:
    with in_background():
        yield


@SEEDS
def test_pick(seed: int) -> None:
    """Every pair that the masks allow, by slot."""
    random = np.random.default_rng(seed)
    targets, signatures, slots, tables = 6, 8, 12, 3
    sets = [random.choice(signatures + 1, random.integers(1, 6), replace=False).astype(np.int32) for _ in range(tables)]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in sets])])
    table_signatures = np.concatenate(sets)
    slot_targets = random.integers(0, targets + 1, slots).astype(np.int32)
    slot_tables = random.integers(0, tables, slots).astype(np.int32)
    first = random.integers(0, 50, slots)
    last = first + random.integers(0, 30, slots)
    of_targets, of_signatures = random.random(targets) < 0.7, random.random(signatures) < 0.7
    either_t, either_s = random.random((2, targets)) < 0.5, random.random((2, signatures)) < 0.5
    picked = kernels.pick(
        slot_targets, slot_tables, first, last, offsets, table_signatures, of_targets, of_signatures, either_t,
        either_s, 20, 40,
    )  # fmt: skip
    expected = {}
    for slot in range(slots):
        target, table = int(slot_targets[slot]), int(slot_tables[slot])
        if target >= targets or not of_targets[target] or first[slot] > 40 or last[slot] < 20:
            continue
        entries = [
            entry
            for entry in range(offsets[table], offsets[table + 1])
            if (s := int(table_signatures[entry])) < signatures
            and of_signatures[s]
            and all(either_t[k, target] or either_s[k, s] for k in range(2))
        ]
        if entries:
            expected[slot] = entries
    found_slots, found_offsets, found_entries = picked
    found = {
        slot: found_entries[found_offsets[i] : found_offsets[i + 1]].tolist()
        for i, slot in enumerate(found_slots.tolist())
    }
    assert found == expected


@SEEDS
def test_number(seed: int) -> None:
    """Equal keys have one number; numbers are in the order of their coming."""
    keys = np.random.default_rng(seed).integers(0, 50, 200).astype(np.uint64) * np.uint64(2**58 + 1)
    numbers, first = kernels.number(keys)
    known: dict[int, int] = {}
    assert numbers.tolist() == [known.setdefault(key, len(known)) for key in keys.tolist()]
    assert keys[first].tolist() == list(known)


class Parts:
    """Random parts of random series: clocks in a pool, values one after the other as ``place_parts`` lays them."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.count = 8
        self.series = np.concatenate([np.arange(self.count), random.integers(0, self.count, 20)])
        clocks = [np.sort(random.choice(90, random.integers(1, 6), replace=False)) for _ in range(12)]
        which = random.integers(0, 12, len(self.series))
        sizes = np.array([len(clock) for clock in clocks])
        self.pool = np.concatenate(clocks)
        self.starts = (np.cumsum(sizes) - sizes)[which]
        self.counts = sizes[which]
        self.first = self.pool[self.starts]
        self.last = self.pool[self.starts + self.counts - 1]
        self.values = [random.integers(1, 4, size).astype(np.uint64) for size in self.counts]
        for values in self.values:
            values[random.random(len(values)) < 0.2] = ABSENT_BITS

    def clock(self, part: int) -> list[int]:
        return self.pool[self.starts[part] : self.starts[part] + self.counts[part]].tolist()


@SEEDS
def test_parts_are_joined(seed: int) -> None:
    """In order of time; of several values for one timestamp that of the lowest part, and no absent ones."""
    parts = Parts(seed)
    offsets, order = kernels.group_parts(parts.series, parts.count, parts.first)
    series_offsets, at, ragged = kernels.place_parts(offsets, order, parts.first, parts.last, parts.counts)
    bits = np.empty(series_offsets[-1], np.uint64)
    for part, values in enumerate(parts.values):
        bits[at[part] : at[part] + len(values)] = values
    overlapping = ragged.copy()
    kernels.find_absent(bits, series_offsets, ABSENT_BITS, ragged)
    clocks, owners, size = kernels.share_clocks(offsets, order, parts.starts, parts.counts, ~ragged)
    timestamps = np.empty(size[0] + len(bits), np.int64)
    kernels.write_clocks(owners, clocks, offsets, order, parts.starts, parts.counts, parts.pool, timestamps)
    out = np.empty_like(bits)
    merged = kernels.merge_ragged(
        ragged, series_offsets, offsets, order, parts.starts, parts.counts, parts.pool, bits, ABSENT_BITS, clocks,
        size[0], timestamps, out,
    )  # fmt: skip
    for one in range(parts.count):
        own = np.flatnonzero(parts.series == one).tolist()
        expected: dict[int, int] = {}
        for part in own:
            for time, value in zip(parts.clock(part), parts.values[part].tolist(), strict=True):
                if value != ABSENT_BITS:
                    expected.setdefault(time, value)
        count = merged[one + 1] - merged[one]
        times = timestamps[clocks[one] : clocks[one] + count].tolist()
        assert dict(zip(times, out[merged[one] : merged[one + 1]].tolist(), strict=True)) == expected
        assert times == sorted(times)
        spans = sorted((parts.first[part], parts.last[part]) for part in own)
        assert overlapping[one] == any(after[0] <= before[1] for before, after in pairwise(spans))


@SEEDS
def test_series_of_the_same_parts_share_a_clock(seed: int) -> None:
    """And no others do."""
    random = np.random.default_rng(seed)
    series = np.repeat(np.arange(30), 2)
    starts = random.integers(0, 3, 60) * 10
    offsets = np.arange(0, 61, 2)
    parts = np.arange(60)
    clocks, owners, size = kernels.share_clocks(offsets, parts, starts, np.full(60, 5), np.ones(30, np.bool_))
    by_clock = defaultdict(set)
    for one in range(30):
        by_clock[int(clocks[one])].add(tuple(starts[series == one].tolist()))
    assert all(len(kinds) == 1 for kinds in by_clock.values())
    assert len(by_clock) == len({kind for kinds in by_clock.values() for kind in kinds}) == len(owners)
    assert size.tolist() == [10 * len(owners)]


@SEEDS
def test_clip(seed: int) -> None:
    """The stretch of each clock in a range of time."""
    random = np.random.default_rng(seed)
    clocks = [np.sort(random.choice(50, random.integers(1, 9), replace=False)) for _ in range(10)]
    counts = np.array([len(clock) for clock in clocks])
    first, inside = kernels.clip(np.cumsum(counts) - counts, counts, np.concatenate(clocks), 12, 30)
    stretches = [clock[f : f + n].tolist() for clock, f, n in zip(clocks, first, inside, strict=True)]
    assert stretches == [[time for time in clock.tolist() if 12 <= time <= 30] for clock in clocks]


def test_copy_stretches() -> None:
    """From place to place."""
    out = np.zeros(7)
    kernels.copy_stretches(np.arange(10.0), np.array([2, 8]), np.array([3, 2]), out, np.array([4, 0]))
    assert out.tolist() == [8, 9, 0, 0, 2, 3, 4]
