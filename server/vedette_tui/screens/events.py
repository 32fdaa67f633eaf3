"""What happened in the fleet or at one host, the newest on top, as it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from vedette_tui.events import Event, EventFeed
from vedette_tui.formatting import format_age, format_date
from vedette_tui.screens.event import EventScreen, label_line
from vedette_tui.screens.listing import Listing, ListScreen
from vedette_tui.spans import Line, Span, wrap_beside
from vedette_tui.states import PROBLEM_SEVERITIES, SEVERITIES, severity_span
from vedette_tui.table.columns import Column
from vedette_tui.table.widget import RowTable


def _time(event: Event, now_ms: int) -> Line:
    return (Span(format_date(event.time, now_ms)),)


def _severity(event: Event, now_ms: int) -> Line:  # noqa: ARG001
    return (severity_span(event.severity),)


def _host(event: Event, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(event.host, "strong" if is_problem(event) else ""),)


def _source(event: Event, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(event.source, "dim"),)


def _text(event: Event, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(event.text),)


def _rank(event: Event) -> int:
    return SEVERITIES.index(event.severity) if event.severity in SEVERITIES else -1


COLUMNS: tuple[Column[Event], ...] = (
    Column("time", "TIME", 14, _time, lambda event: (event.time, event.id), descending=True),
    Column("severity", "SEVERITY", 9, _severity, _rank, descending=True),
    Column("host", "HOST", 12, _host, lambda event: event.host, grow=1, max_width=30),
    Column("source", "SOURCE", 7, _source, lambda event: event.source, drop=1),
    Column("text", "TEXT", 16, _text, grow=4),
)


def is_problem(event: Event) -> bool:
    """Whether an event needs a look."""
    return event.severity in PROBLEM_SEVERITIES


def _words(event: Event) -> str:
    labels = " ".join(f"{name}={value}" for name, value in event.labels.items())
    return f"{event.host} {event.source} {event.severity} {event.text} {labels}"


def listing_of(host: str) -> Listing[Event]:
    """Return what the table lists: of one host without a column for it."""
    columns = [column for column in COLUMNS if not host or column.key != "host"]
    return Listing("events", columns, lambda event: f"{event.id}", _words, is_problem)


def count_severities(events: Sequence[Event]) -> Iterable[Span]:
    """Return how many events are of which severity, the worst first."""
    counts = Counter(event.severity for event in events)
    for severity in reversed(SEVERITIES):
        if counts[severity]:
            yield Span("  ")
            yield Span(f"{counts[severity]} {severity}", severity_span(severity).kind)


def event_details(event: Event, now_ms: int, width: int) -> tuple[Line, ...]:
    """Return the lines that tell most of an event: its text on two lines, its age, where it is from and its labels."""
    origin = f" {event.host} {event.source}, {format_age(now_ms - event.time)} ago  "
    return (
        *wrap_beside(severity_span(event.severity), event.text, width),
        (Span(origin, "dim"), *label_line(event.labels)),
    )


class EventsScreen(ListScreen[Event]):
    """The table of events: of one host, or of all where ``host`` is empty."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "host", "Host"),
        Binding("escape", "leave", "Back", key_display="Esc"),
    ]

    def __init__(self, host: str = "") -> None:
        super().__init__(host or "Fleet", listing_of(host))
        self._feed = EventFeed(host)

    async def fetch(self) -> int:
        """Ask for what is new."""
        asked = self._feed
        answer = await self.top.client.events(asked.question())
        # While the answer was under way the person may have asked for something else.
        if self._feed is asked:
            self._feed = asked.answered(answer)
            self.keep(self._feed.events)
        return answer.time

    def counts(self, rows: Sequence[Event]) -> Iterable[Span]:
        """Count the events, and say where they are not all."""
        yield from count_severities(rows)
        if self._feed.has_older:
            yield Span("  older ones not shown", "dim")

    def detail(self, row: Event | None) -> tuple[Line, ...]:
        """Tell most of the event under the cursor."""
        return () if row is None else event_details(row, self.now_ms, self.size.width)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way to the host only where it is not the way back."""
        return not self._feed.host if action == "host" else super().check_action(action, parameters)

    def action_problems(self) -> None:
        """Show only warnings and worse, or everything again: also those that are older than the newest of all."""
        super().action_problems()
        self._feed = EventFeed(self._feed.host, PROBLEM_SEVERITIES[0] if self.shows_problems_only else "")
        self.action_hurry()

    def action_host(self) -> None:
        """Show the services of the event's host."""
        if (event := self.table.cursor_row) is not None:
            self.top.show_host(event.host)

    @on(RowTable.Selected)
    def _open(self) -> None:
        if (event := self.table.cursor_row) is not None:
            self.app.push_screen(EventScreen(event))
