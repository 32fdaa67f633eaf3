"""Where the cursor goes when rows change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_tui.table.cursor import Position, follow, reveal

HEIGHT = 5


@pytest.mark.parametrize(
    ("rows", "old", "key", "new"),
    [
        pytest.param("", Position(3, 1), "d", Position(0, 0), id="no rows"),
        pytest.param("abcdefgh", Position(0, 0), None, Position(0, 0), id="the first rows"),
        pytest.param("xabcdefgh", Position(0, 0), "a", Position(0, 0), id="on the first row it stays on the first row"),
        pytest.param("xabcdefgh", Position(2, 0), "c", Position(3, 0), id="at the top the table stays at the top"),
        pytest.param("vwxyzabcdef", Position(2, 0), "c", Position(7, 5), id="unless the row would leave the screen"),
        pytest.param("xabcdefghij", Position(4, 2), "e", Position(5, 3), id="further down the row keeps its line"),
        pytest.param("bcdefghij", Position(4, 2), "e", Position(3, 1), id="the same upwards"),
        pytest.param("abcdfghij", Position(4, 2), "e", Position(4, 2), id="the row is gone"),
        pytest.param("abc", Position(9, 6), "j", Position(2, 0), id="the end is gone"),
    ],
)
def test_the_cursor_follows_its_row(rows: str, old: Position, key: str | None, new: Position) -> None:
    """With five rows on the screen."""
    assert follow(rows, {row: place for place, row in enumerate(rows)}, old, key, HEIGHT) == new


@pytest.mark.parametrize(
    ("position", "count", "new"),
    [
        (Position(-3, 0), 10, Position(0, 0)),
        (Position(12, 0), 10, Position(9, 5)),
        (Position(7, 0), 10, Position(7, 3)),
        (Position(1, 4), 10, Position(1, 1)),
        (Position(1, 4), 3, Position(1, 0)),
        (Position(0, 0), 0, Position(0, 0)),
    ],
)
def test_the_cursor_is_revealed(position: Position, count: int, new: Position) -> None:
    """The table scrolls as little as possible."""
    assert reveal(position, count, HEIGHT) == new


@given(st.integers(-5, 50), st.integers(0, 50), st.integers(0, 40), st.integers(1, 20))
def test_the_cursor_is_always_on_the_screen(cursor: int, top: int, count: int, height: int) -> None:
    """And no line of the screen is left empty that a row could fill."""
    new = reveal(Position(cursor, top), count, height)
    assert 0 <= new.top <= max(0, count - height)
    assert new.top <= new.cursor < new.top + height
