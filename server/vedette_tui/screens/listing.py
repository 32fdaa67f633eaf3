"""A live screen with a table that can be sorted, filtered and narrowed to problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input

from vedette_tui.live import LiveScreen
from vedette_tui.paint import Lines
from vedette_tui.spans import Line, Span
from vedette_tui.table.columns import Column, Row
from vedette_tui.table.view import View, arrange, next_sort, words_of
from vedette_tui.table.widget import RowTable


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """What a table lists.

    Attributes:
        noun: What the rows are, in the plural.
        columns: Its columns; the first is the one it is sorted by at the start.
        key: A row's name, which no other row has.
        text: What a filter looks at.
        is_problem: Whether a row stays when only problems are shown.
    """

    noun: str
    columns: Sequence[Column[Row]]
    key: Callable[[Row], str]
    text: Callable[[Row], str]
    is_problem: Callable[[Row], bool]


class FilterInput(Input):
    """Where a filter is typed; says in the footer how to end it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Keep"),
        Binding("escape", "screen.leave", "Clear", key_display="Esc"),
    ]


class ListScreen(LiveScreen, Generic[Row]):
    """The base of the fleet and of a host's services."""

    goes_back: ClassVar[bool] = True
    """Whether there is a screen below this one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("p", "problems", "Problems"),
        Binding("s", "sort", "Sort"),
        Binding("S", "reverse", "Reverse", show=False),
        Binding("escape", "leave", "Back", show=False),
    ]

    def __init__(self, name: str, listing: Listing[Row]) -> None:
        super().__init__()
        self._title_name = name
        self._listing = listing
        self._view = View(listing.columns[0].key)
        self._rows: Sequence[Row] | None = None
        self._shown = 0
        # Held here, not looked up: an answer may come while the screen is being taken down.
        self.table: RowTable[Row] = RowTable(listing.columns, listing.key)
        self._heading = Lines(id="title")
        self._detail = Lines(id="detail")
        self._filter = FilterInput(placeholder="words to look for", id="filter", compact=True)

    def compose(self) -> ComposeResult:
        """Title, table, details, filter, status, keys."""
        yield from (self._heading, self.table, self._detail, self._filter, self.status)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start at the table."""
        self.table.focus()

    @property
    def shows_problems_only(self) -> bool:
        """Whether what is well is left out."""
        return self._view.problems_only

    def counts(self, rows: Sequence[Row]) -> Iterable[Span]:
        """Return how many of all ``rows`` are in which state."""
        raise NotImplementedError

    def detail(self, row: Row | None) -> tuple[Line, ...]:  # noqa: ARG002
        """Return what the lines below the table tell of the row under the cursor."""
        return ()

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep the rows of an answer for ``redraw``."""
        self._rows = rows

    def redraw(self) -> None:
        """Show the rows there are, filtered and sorted."""
        listing, view = self._listing, self._view
        rows = arrange(
            self._rows or (), view, listing.columns, text=listing.text, is_problem=listing.is_problem, tie=listing.key
        )
        self._shown = len(rows)
        self.table.show_sort(view.sort, reverse=view.reverse)
        self.table.show_rows(rows, self.now_ms, empty=self._emptiness())
        self._heading.show(self._title())
        self._show_detail()

    def action_filter(self) -> None:
        """Let the person type a filter."""
        self._filter.add_class("-open")
        self._filter.focus()

    def action_problems(self) -> None:
        """Show only problems, or everything again."""
        self._look(problems_only=not self._view.problems_only)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._look(sort=next_sort(self._listing.columns, self._view.sort), reverse=False)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._look(reverse=not self._view.reverse)

    def action_leave(self) -> None:
        """Clear the filter; where there is none, go back."""
        if self._view.words or self._filter.has_class("-open"):
            self._close_filter(clear=True)
        elif self.goes_back:
            self.dismiss()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._look(words=words_of(event.value))

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        self._close_filter(clear=False)

    @on(RowTable.HeadingClicked)
    def _heading_clicked(self, event: RowTable.HeadingClicked) -> None:
        same = event.column == self._view.sort
        self._look(sort=event.column, reverse=same and not self._view.reverse)

    @on(RowTable.Highlighted)
    def _highlighted(self) -> None:
        self._show_detail()

    def _look(self, **changes: Any) -> None:
        self._view = replace(self._view, **changes)
        self.redraw()

    def _close_filter(self, *, clear: bool) -> None:
        if clear:
            self._filter.value = ""
        self._filter.remove_class("-open")
        self.table.focus()

    def _show_detail(self) -> None:
        self._detail.show(*self.detail(self.table.cursor_row))

    def _emptiness(self) -> str:
        if self._rows is None:
            return "waiting for the server"
        if self._view.words:
            return f"no {self._listing.noun} match the filter; Esc clears it"
        if self._view.problems_only:
            among = f" among {len(self._rows)} {self._listing.noun}" if self._rows else ""
            return f"no problems{among}; p shows all"
        return f"no {self._listing.noun} yet"

    def _title(self) -> Line:
        """What is listed, what keeps rows from being shown, so that nobody takes a part for the whole, and counts."""
        name, rows = Span(f" {self._title_name} ", "title"), self._rows
        if rows is None:
            return (name,)
        view, noun = self._view, self._listing.noun
        reasons = ["problems only"] if view.problems_only else []
        if view.words:
            reasons.append(f"filter “{' '.join(view.words)}”")
        narrowing = f", showing {self._shown}: {', '.join(reasons)}" if reasons else ""
        return (
            name,
            Span(f" {len(rows)} {noun if len(rows) != 1 else noun.removesuffix('s')}"),
            Span(narrowing, "strong"),
            *self.counts(rows),
        )
