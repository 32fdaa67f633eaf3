"""A table of any number of rows that draws only those on the screen and stays where it is when they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vedette_tui.paint import SPAN_CLASSES, paint
from vedette_tui.spans import Span
from vedette_tui.table.columns import Column, Placed, Row, column_at, header_line, place_columns, row_line
from vedette_tui.table.cursor import Position, follow, reveal

CURSOR = "▸ "
GUTTER = len(CURSOR)


class RowTable(ScrollView, Generic[Row], can_focus=True):
    """Shows rows below a fixed line of headings, one line each, with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*SPAN_CLASSES, "row-table--header", "row-table--cursor"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home,g", "to_end(-1)", "First", show=False),
        Binding("end,G", "to_end(1)", "Last", show=False),
        Binding("enter", "select", "Open"),
    ]

    @dataclass
    class Selected(Message):
        """A row was opened."""

        key: str

    @dataclass
    class Highlighted(Message):
        """The cursor stands on another row; ``None`` when there is no row."""

        key: str | None

    @dataclass
    class HeadingClicked(Message):
        """A heading was clicked, to sort by its column."""

        column: str

    def __init__(self, columns: Sequence[Column[Row]], key: Callable[[Row], str], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = columns
        self._key = key
        self._rows: Sequence[Row] = ()
        self._keys: list[str] = []
        self._now_ms = 0
        self._cursor = 0
        self._placed: tuple[Placed[Row], ...] = ()
        self._placed_for = -1
        self._sort = ("", False)
        self._message = ""

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._keys[self._cursor] if self._keys else None

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def first_visible(self) -> int:
        """The place of the topmost row on the screen."""
        return self.scroll_offset.y

    def show_rows(self, rows: Sequence[Row], now_ms: int, *, empty: str) -> None:
        """Put ``rows`` in the place of the rows before, as of ``now_ms``; the cursor stays on its row.

        Args:
            rows: The rows in their order.
            now_ms: The moment that ages are counted to.
            empty: What to say when there are no rows.
        """
        before, old = self.cursor_key, Position(self._cursor, self.first_visible)
        self._rows, self._now_ms, self._message = rows, now_ms, empty
        self._keys = [self._key(row) for row in rows]
        index = {key: place for place, key in enumerate(self._keys)}
        self.virtual_size = Size(self._width(), len(rows) + 1)
        self._go(follow(self._keys, index, old, before, self._height()))
        if before != self.cursor_key:
            self.post_message(self.Highlighted(self.cursor_key))
        self.refresh()

    def show_sort(self, column: str, *, reverse: bool) -> None:
        """Mark the heading of the column that the rows are sorted by."""
        self._sort = (column, reverse)
        self.refresh()

    def move_to(self, place: int) -> None:
        """Put the cursor on the row at ``place``, or the nearest there is, and show it."""
        before = self.cursor_key
        self._go(reveal(Position(place, self.first_visible), len(self._rows), self._height()))
        if before != self.cursor_key:
            self.post_message(self.Highlighted(self.cursor_key))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width, base = self._width(), self.rich_style
        if y == 0:
            base += self.get_component_rich_style("row-table--header", partial=True)
            column, reverse = self._sort
            return self._line("", header_line(self._place(width), width - GUTTER, column, reverse=reverse), base)
        place = self.first_visible + y - 1
        if place >= len(self._rows):
            text = f"  {self._message}" if not self._rows and y == 2 else ""
            return paint(self, [Span(text.ljust(width)[:width], "dim")], base)
        at_cursor = place == self._cursor
        if at_cursor:
            base += self.get_component_rich_style("row-table--cursor", partial=True)
        if self.screen.has_class("-away"):
            base += Style(dim=True)
        line = row_line(self._place(width), width - GUTTER, self._rows[place], self._now_ms)
        return self._line(CURSOR if at_cursor else "", line, base)

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self.move_to(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor and the view by whole screens."""
        step = pages * max(1, self._height() - 1)
        top = min(max(self.first_visible + step, 0), max(len(self._rows) - self._height(), 0))
        self.scroll_to(y=top, animate=False, immediate=True)
        self.move_to(self._cursor + step)

    def action_to_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.move_to(0 if direction < 0 else len(self._rows) - 1)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if (key := self.cursor_key) is not None:
            self.post_message(self.Selected(key))

    def on_resize(self) -> None:
        """Keep the cursor on the screen."""
        self.virtual_size = Size(self._width(), len(self._rows) + 1)
        self.move_to(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Sort by a heading; move to a row, or open it when the cursor is there already."""
        if event.y == 0:
            column = column_at(self._place(self._width()), event.x - GUTTER)
            if column is not None and column.sort_key is not None:
                self.post_message(self.HeadingClicked(column.key))
            return
        place = self.first_visible + event.y - 1
        if place >= len(self._rows):
            return
        if place == self._cursor:
            self.action_select()
        else:
            self.move_to(place)

    def _line(self, gutter: str, line: Sequence[Span], base: Style) -> Strip:
        return paint(self, [Span(gutter.ljust(GUTTER)), *line], base)

    def _place(self, width: int) -> tuple[Placed[Row], ...]:
        if width != self._placed_for:
            self._placed, self._placed_for = place_columns(self._columns, max(0, width - GUTTER)), width
        return self._placed

    def _width(self) -> int:
        """The cells beside the scrollbar."""
        return self.scrollable_content_region.width

    def _height(self) -> int:
        """The rows that fit on the screen, below the headings."""
        return max(1, self.size.height - 1)

    def _go(self, position: Position) -> None:
        self._cursor = position.cursor
        if position.top != self.first_visible:
            self.scroll_to(y=position.top, animate=False, force=True, immediate=True)
