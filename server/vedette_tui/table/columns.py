"""A table as text: columns, their widths on a screen of a given width, and its lines. No widget, no colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rich.cells import cell_len

from vedette_tui.spans import Align, Line, Span, fit

Row = TypeVar("Row")

GAP = 1


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    Attributes:
        key: Its name in the code.
        title: Its heading.
        width: The cells it needs at least.
        cell: A row and the present moment (ms) to the cell's spans.
        sort_key: What the table sorts by in this column; ``None`` where sorting makes no sense.
        descending: Whether the natural order runs from great to small, so that what matters comes first.
        grow: Its share of the cells that are left over.
        max_width: The cells it takes at most when it grows.
        drop: The greater, the sooner the column goes when the screen is narrow; 0 never goes.
    """

    key: str
    title: str
    width: int
    cell: Callable[[Row, int], Sequence[Span]]
    sort_key: Callable[[Row], Any] | None = None
    descending: bool = False
    align: Align = "left"
    grow: int = 0
    max_width: int = 1_000
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Placed(Generic[Row]):
    """A column with its place: ``x`` and ``width`` in cells."""

    column: Column[Row]
    x: int
    width: int


def place_columns(columns: Sequence[Column[Row]], width: int) -> tuple[Placed[Row], ...]:
    """Return the columns that fit into ``width`` cells, the spare cells shared out among those that grow."""
    kept = list(columns)
    while _needed(kept) > width and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    widths = {column.key: column.width for column in kept}
    spare = width - _needed(kept)
    growing = [column for column in kept if column.grow]
    while spare > 0 and growing:
        share = sum(column.grow for column in growing)
        for column in growing:
            more = min(-(-spare * column.grow // share), column.max_width - widths[column.key], spare)
            widths[column.key] += more
            spare -= more
            share -= column.grow
            if share <= 0:
                break
        growing = [column for column in growing if widths[column.key] < column.max_width]
    placed, x = [], 0
    for column in kept:
        placed.append(Placed(column, x, widths[column.key]))
        x += widths[column.key] + GAP
    return tuple(placed)


def header_line(placed: Sequence[Placed[Row]], width: int, sorted_by: str, *, reverse: bool) -> Line:
    """Return the line of headings; an arrow marks the column that the rows are sorted by."""
    spans: list[Span] = []
    for place in placed:
        title = place.column.title
        if place.column.key == sorted_by:
            arrow = "▼" if reverse != place.column.descending else "▲"
            title = f"{title}{arrow}" if cell_len(title) < place.width else f"{title[: place.width - 1]}{arrow}"
        spans += fit([Span(title, "title")], place.width, place.column.align)
        spans.append(Span(" " * GAP, "title"))
    return fit(spans[:-1], width)


def row_line(placed: Sequence[Placed[Row]], width: int, row: Row, now_ms: int) -> Line:
    """Return one row as a line of ``width`` cells."""
    spans: list[Span] = []
    for place in placed:
        spans += fit(place.column.cell(row, now_ms), place.width, place.column.align)
        spans.append(Span(" " * GAP))
    return fit(spans[:-1], width)


def column_at(placed: Sequence[Placed[Row]], x: int) -> Column[Row] | None:
    """Return the column that the cell ``x`` belongs to."""
    return next((place.column for place in placed if place.x <= x < place.x + place.width + GAP), None)


def _needed(columns: Sequence[Column[Row]]) -> int:
    return sum(column.width + GAP for column in columns) - GAP if columns else 0
