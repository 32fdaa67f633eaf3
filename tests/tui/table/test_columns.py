"""A table as text."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vedette_tui.spans import Span, plain
from vedette_tui.table.columns import Column, column_at, header_line, place_columns, row_line

Row = tuple[str, str, str]


COLUMNS: Sequence[Column[Row]] = (
    Column("name", "NAME", 4, lambda row, _: (Span(row[0]),), lambda row: row[0], grow=3, max_width=10),
    Column("note", "NOTE", 6, lambda row, _: (Span(row[1], "dim"),), grow=1, drop=1),
    Column("age", "AGE", 4, lambda row, now: (Span(f"{now}{row[2]}"),), lambda row: row[2], align="right", drop=2),
)


@pytest.mark.parametrize(
    ("width", "places"),
    [
        (3, [("name", 0, 4)]),
        (4, [("name", 0, 4)]),
        (10, [("name", 0, 10)]),
        (11, [("name", 0, 4), ("note", 5, 6)]),
        (15, [("name", 0, 7), ("note", 8, 7)]),
        (16, [("name", 0, 4), ("note", 5, 6), ("age", 12, 4)]),
        (40, [("name", 0, 10), ("note", 11, 24), ("age", 36, 4)]),
    ],
)
def test_columns_share_the_width(width: int, places: list[tuple[str, int, int]]) -> None:
    """The greatest ``drop`` goes first; spare cells are shared out up to the greatest width."""
    assert [(place.column.key, place.x, place.width) for place in place_columns(COLUMNS, width)] == places


def test_lines_align_with_their_headings() -> None:
    """The arrow stands at the sorted column: down for its natural order, if that is from great to small."""
    placed = place_columns(COLUMNS, 18)
    assert plain(header_line(placed, 18, "age", reverse=True)) == "NAME   NOTE   AGE▼"
    assert plain(header_line(placed, 18, "age", reverse=False)) == "NAME   NOTE   AGE▲"
    assert plain(row_line(placed, 18, ("abcdefgh", "so-so", "s"), 42)) == "abcde… so-so   42s"


def test_a_click_finds_its_column() -> None:
    """The gap after a column belongs to it."""
    placed = place_columns(COLUMNS, 16)
    found = [column_at(placed, x) for x in (0, 4, 5, 12, 15, 40)]
    assert [column and column.key for column in found] == ["name", "name", "note", "age", "age", None]
