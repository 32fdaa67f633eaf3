"""The kernels of reading beside plain Python."""

import numpy as np
import pytest

from vedette_server.storage.read import kernels

GONE = 7
BITS = np.array([1, GONE, 3, 4, GONE], np.uint64)


@pytest.mark.parametrize("at", [[], [0], [2], [0, 2], [2, 3]])
@pytest.mark.parametrize("counts", [[0, 0], [1, 1], [2, 2]])
def test_any_absent(at: list[int], counts: list[int]) -> None:
    """Only the stretches that are named are looked at."""
    counts = counts[: len(at)]
    expected = any(GONE in BITS[a : a + n] for a, n in zip(at, counts, strict=True))
    assert kernels.any_absent(BITS, np.array(at, np.int64), np.array(counts, np.int64), GONE) == expected
