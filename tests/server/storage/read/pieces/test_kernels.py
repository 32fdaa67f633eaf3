"""The kernels of pieces beside plain Python."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_server.storage.read.pieces import kernels

GONE = -9
PIECES = [np.arange(10, 16), np.arange(20, 23), np.arange(30, 40)]
"""Three pieces, which lie end to end at the places 0, 6 and 9 up to 19."""

STARTS = np.array([0, 6, 9, 19])


@settings(deadline=None)  # the first call may compile
@given(st.lists(st.integers(0, 18), max_size=12))
def test_places_are_sorted_by_piece(places: list[int]) -> None:
    """Pieces ascend, and the places of a piece keep their order."""
    owners = [bisect_right(STARTS.tolist(), place) - 1 for place in places]
    needed, bounds, order = kernels.by_piece(STARTS, np.array(places, np.int64))
    assert needed.tolist() == sorted(set(owners))
    assert order.tolist() == sorted(range(len(places)), key=owners.__getitem__)
    assert bounds.tolist() == [0, *np.cumsum([owners.count(piece) for piece in needed.tolist()]).tolist()]


@settings(deadline=None)  # the first call may compile
@given(st.lists(st.integers(0, 9), max_size=12))
def test_distinct(numbers: list[int]) -> None:
    """The different numbers ascend."""
    found, which = kernels.distinct(np.array(numbers, np.int32))
    assert found.tolist() == sorted(set(numbers))
    assert found[which].tolist() == numbers


def addresses(needed: np.ndarray, damaged: int | None) -> np.ndarray:
    return np.array([0 if i == damaged else PIECES[i].ctypes.data for i in needed.tolist()])


@pytest.mark.parametrize("damaged", [None, 1])
@pytest.mark.parametrize("compiled", [True, False])
def test_values_are_copied_from_where_they_lie(damaged: int | None, compiled: bool) -> None:
    """Stretches of three pieces, the last one without a value; a damaged piece gives what stands for no value."""
    places, counts, at = np.array([10, 1, 7, 6]), np.array([3, 2, 2, 0]), np.array([4, 0, 2, 0])
    needed, bounds, order = kernels.by_piece(STARTS, places)
    out = np.zeros(8, np.int64)
    copy = kernels.copy_values if compiled else kernels.copy_values.py_func
    copy(addresses(needed, damaged), needed, STARTS, bounds, order, places, counts, out, at, GONE)
    middle = [21, 22] if damaged is None else [GONE, GONE]
    assert out.tolist() == [11, 12, *middle, 31, 32, 33, 0]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("start", "end", "damaged", "expected"),
    [
        (0, 99, None, [(0, [10, 11, 12]), (0, [20, 21, 22]), (0, [13, 14, 15])]),
        (11, 20, None, [(1, [11, 12]), (0, [20]), (0, [13, 14, 15])]),
        (14, 21, 1, [(3, []), (0, []), (1, [14, 15])]),
        (50, 60, None, [(3, []), (3, []), (3, [])]),
    ],
)
def test_clocks_are_cut(
    start: int, end: int, damaged: int | None, expected: list[tuple[int, list[int]]], compiled: bool
) -> None:
    """Both bounds are inside; a clock of a damaged piece has no ticks."""
    places, counts = np.array([0, 6, 3]), np.array([3, 3, 3])
    needed, bounds, order = kernels.by_piece(STARTS, places)
    cut = kernels.cut_clocks if compiled else kernels.cut_clocks.py_func
    which = np.array([2, 0, 1, 2])
    first, kept, begins, times = cut(
        addresses(needed, damaged), needed, STARTS, bounds, order, places, counts, which, start, end
    )
    found = [(at, times[begin : begin + count].tolist()) for at, count, begin in zip(first, kept, begins, strict=True)]
    assert found == [expected[clock] for clock in which.tolist()]
    assert len(times) == sum(len(ticks) for _, ticks in expected)
