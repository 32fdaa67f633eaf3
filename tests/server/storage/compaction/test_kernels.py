"""The kernels of writing blocks beside plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from vedette_server import compiled
from vedette_server.compiled import in_background
from vedette_server.storage.compaction import kernels
from vedette_shared.frames import ABSENT_BITS


@pytest.mark.parametrize("seed", range(20))
def test_join_clocks(seed: int) -> None:
    """The union of each slot's clocks, and where each part's rows are in it."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 5, 6)
    clocks = [np.sort(random.choice(40, random.integers(1, 8), replace=False)) for _ in range(sizes.sum())]
    counts = np.array([len(clock) for clock in clocks])
    starts = np.cumsum(counts) - counts
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    with in_background():
        ticks, joined, row_at, map_at, maps = kernels.join_clocks(offsets, starts, counts, np.concatenate(clocks))
    begins = np.cumsum(ticks) - ticks
    for slot in range(len(sizes)):
        parts = range(offsets[slot], offsets[slot + 1])
        own = joined[begins[slot] : begins[slot] + ticks[slot]]
        assert own.tolist() == sorted({time for part in parts for time in clocks[part].tolist()})
        for part in parts:
            rows = np.arange(counts[part]) + row_at[part]
            if map_at[part] >= 0:
                rows = maps[map_at[part] : map_at[part] + counts[part]]
            assert own[rows].tolist() == clocks[part].tolist()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("many", [10, 3000])
def test_touched_spans(seed: int, many: int) -> None:
    """The spans of time in which any clock ticks, those before zero too."""
    random = np.random.default_rng(seed)
    clocks = [np.sort(random.integers(-500, 50 * many, random.integers(1, many))) for _ in range(5)]
    counts = np.array([len(clock) for clock in clocks])
    starts = np.cumsum(counts) - counts
    with in_background():
        found = kernels.touched_spans(starts, counts, np.concatenate(clocks), 10)
    assert found.tolist() == sorted({time // 10 for clock in clocks for time in clock.tolist()})


def test_find_copies() -> None:
    """A series' parts in one source: those of its slot's parts whose table has its signature."""
    tables = [[7, 3, 5], [3], [5, 9]]
    offsets = np.array([0, 3, 4, 6])
    signatures = np.array([s for table in tables for s in table], np.int32)
    order = np.array([1, 2, 0, 3, 4, 5])
    source_tables = np.array([0, 1, 2, 0], np.int32)
    part_offsets = np.array([0, 2, 4])
    part_sources = np.array([0, 1, 1, 1], np.int32)
    part_slots = np.array([0, 0, 2, 1], np.int32)
    wanted, slots = np.array([3, 5, 9, 3], np.int32), np.array([0, 0, 1, 1])
    with in_background():
        series, parts, entries = kernels.find_copies(
            1, wanted, slots, part_offsets, part_sources, part_slots, source_tables, offsets, signatures, order
        )
    found = [(int(s), int(p), int(signatures[e])) for s, p, e in zip(series, parts, entries, strict=True)]
    assert found == [(0, 1, 3), (1, 1, 5), (2, 2, 9), (3, 3, 3)]


def test_scatter_fills_what_is_absent() -> None:
    """What stands, stands."""
    values = np.array([ABSENT_BITS, 5, ABSENT_BITS, ABSENT_BITS, 1, 2, 3], np.uint64)
    one = np.array([4]), np.array([3]), np.array([0]), np.array([2, 1, 0], np.int32), np.array([0])
    begin, counts, map_at, maps, at = one
    with in_background():
        kernels.scatter(values, begin, counts, map_at, maps, at, ABSENT_BITS)
    assert values[:4].tolist() == [3, 5, 1, ABSENT_BITS]


@pytest.mark.parametrize(
    ("signatures", "lengths", "expected"),
    [
        ([1], [500], [0, 1]),
        ([1, 1, 1], [40, 40, 50], [0, 2, 3]),
        ([1, 2, 3, 4], [10, 10, 10, 10], [0, 2, 4]),
        ([1, 1, 1, 2], [5, 5, 5, 5], [0, 4]),
        ([1, 1, 2, 2], [10, 12, 12, 10], [0, 2, 4]),
    ],
)
def test_cut_pieces(signatures: list[int], lengths: list[int], expected: list[int]) -> None:
    """Full, or enough where a signature ends; a series is never cut."""
    with in_background():
        cuts = kernels.cut_pieces(np.array(signatures, np.int32), np.array(lengths), 100, 20)
    assert cuts.tolist() == expected


def test_the_background_is_compiled() -> None:
    """So that these tests are of the compiled kernels; the store's others are of the Python functions."""
    assert isinstance(kernels.cut_pieces, compiled.CompiledKernel)
    with in_background():
        kernels.cut_pieces(np.zeros(1, np.int32), np.ones(1, np.int64), 10, 5)
    assert kernels.cut_pieces.overloads
