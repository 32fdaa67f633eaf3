"""When a head is full: by its size, and by how many of each series it has."""

from __future__ import annotations

import pytest

from vedette_server.storage import StorageOptions

MB = 1 << 20
OPTIONS = StorageOptions(head_bytes=96 * MB, head_rows=20, head_bytes_max=512 * MB)


@pytest.mark.parametrize(
    ("series", "budget"),
    [
        (0, 96 * MB),
        (250_000, 96 * MB),
        (1_000_000, 160_000_000),
        (2_500_000, 400_000_000),
        (10_000_000, 512 * MB),
    ],
)
def test_a_head_grows_with_the_series_within_its_bounds(series: int, budget: int) -> None:
    assert OPTIONS.head_budget(series) == budget
    assert OPTIONS.head_capacity(0, budget) > budget
