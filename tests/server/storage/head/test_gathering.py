"""Columns out of rows: by either kernel the same, as NumPy picks them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vedette_server.storage.head import kernels

ARENA = np.arange(120.0)
ROW_AT = np.array([0, 8 * 40, 8 * 10, 8 * 80, 8 * 20], np.uint32)
ROWS = np.array([0, 2, 4, 1, 3], np.int64)
"""Two streams: three rows of ten values, and two of forty."""

CASES = [
    ([], [], []),
    ([0], [3], [4]),
    ([0, 3, 0, 3], [3, 2, 3, 2], [0, 39, 9, 0]),
    ([1, 0, 1, 0], [2, 3, 1, 0], [5, 5, 6, 6]),
]


def at_each_byte(words: NDArray[np.float64]) -> NDArray[np.float64]:
    """As an arena has its doubles."""
    return np.ndarray((words.nbytes - 7,), np.float64, words.data, strides=(1,))


@pytest.mark.parametrize(("first", "counts", "columns"), CASES)
def test_both_kernels_pick_what_numpy_picks(first: list[int], counts: list[int], columns: list[int]) -> None:
    starts, sizes = np.array(first, np.int64), np.array(counts, np.int64)
    at = np.cumsum(sizes) - sizes
    given = (ROWS, ROW_AT, at_each_byte(ARENA), starts, sizes, np.array(columns, np.int32))
    by_columns, by_rows = np.zeros(sizes.sum()), np.zeros(sizes.sum())
    kernels.gather(*given, by_columns, at)
    kernels.gather_by_rows(*given, by_rows, at, np.argsort(starts, kind="stable"))
    expected = [
        ARENA[ROW_AT[ROWS[begin : begin + count]] // 8 + column]
        for begin, count, column in zip(first, counts, columns, strict=True)
    ]
    assert by_columns.tolist() == by_rows.tolist() == [value for one in expected for value in one.tolist()]
