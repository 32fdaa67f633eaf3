"""The second screen: one host's services, the worst on top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from vedette_tui.client import Service
from vedette_tui.formatting import format_age, format_levels, format_value
from vedette_tui.screens.events import EventsScreen
from vedette_tui.screens.graph import GraphScreen
from vedette_tui.screens.listing import Listing, ListScreen
from vedette_tui.spans import Line, Span, wrap_beside
from vedette_tui.states import PROBLEMS, service_severity, state_span
from vedette_tui.table.columns import Column
from vedette_tui.table.widget import RowTable


def _state(service: Service, now_ms: int) -> Line:  # noqa: ARG001
    return (state_span(service.state),)


def _name(service: Service, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(service.service, "strong" if service.state != "OK" else ""),)


def _value(service: Service, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(format_value(service.value, service.unit)),)


def _levels(service: Service, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(format_levels(service.levels.upper, service.levels.lower, service.unit), "dim"),)


def _since(service: Service, now_ms: int) -> Line:
    age = format_age(None if service.since is None else now_ms - service.since)
    note = " stale" if service.stale else "" if service.hard else " soft"
    return (Span(age), Span(note, "strong"))


def _summary(service: Service, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(service.summary),)


COLUMNS: tuple[Column[Service], ...] = (
    Column("state", "STATE", 8, _state, service_severity, descending=True),
    Column("service", "SERVICE", 18, _name, lambda service: service.service, grow=2, max_width=40),
    Column("value", "VALUE", 10, _value, lambda service: service.value, descending=True, align="right"),
    Column("levels", "LEVELS", 14, _levels, grow=1, max_width=20, drop=1),
    Column("since", "SINCE", 9, _since, lambda service: service.since, descending=True),
    Column("summary", "SUMMARY", 12, _summary, grow=4, drop=2),
)


def _text(service: Service) -> str:
    marks = f"{'stale' if service.stale else ''} {'' if service.hard else 'soft'}"
    return f"{service.service} {service.state} {service.check} {service.summary} {marks}"


SERVICES = Listing(
    "services", COLUMNS, lambda service: service.service, _text, lambda service: service.state != "OK" or service.stale
)


def count_states(services: Sequence[Service]) -> Iterable[Span]:
    """Return how many services are in which state, the worst first."""
    counts: Counter[str] = Counter(service.state for service in services)
    for state in (*PROBLEMS, "OK"):
        if counts[state]:
            yield Span("  ")
            yield Span(f"{counts[state]} {state}", "dim" if state == "OK" else state.lower())


def service_details(service: Service | None, now_ms: int, width: int) -> tuple[Line, ...]:
    """Return the lines that tell all of one service: name and summary on two lines, and how sure its state is."""
    if service is None:
        return ()
    facts = [f"check {service.check}"] if service.check else []
    if not service.hard:
        facts.append(f"soft state, attempt {service.attempt}")
    if service.stale:
        facts.append("stale: no new data")
    if service.last_check:
        facts.append(f"checked {format_age(now_ms - service.last_check)} ago")
    if not service.graph:
        facts.append("no graph")
    heading = wrap_beside(state_span(service.state), f"{service.service}: {service.summary}", width)
    return *heading, (Span(f" {', '.join(facts)}", "dim"),)


class ServicesScreen(ListScreen[Service]):
    """The table of one host's services."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "events", "Events"),
        Binding("escape", "leave", "Back", key_display="Esc"),
    ]

    def __init__(self, host: str) -> None:
        super().__init__(host, SERVICES)
        self._host = host

    async def fetch(self) -> int:
        """Ask for the host's services."""
        answer = await self.top.client.services(self._host)
        self.keep(answer.services)
        return answer.time

    def counts(self, rows: Sequence[Service]) -> Iterable[Span]:
        """Count the services."""
        return count_states(rows)

    def detail(self, row: Service | None) -> tuple[Line, ...]:
        """Tell all of the service under the cursor."""
        return service_details(row, self.now_ms, self.size.width)

    def action_events(self) -> None:
        """Show what happened at the host."""
        self.app.push_screen(EventsScreen(self._host))

    @on(RowTable.Selected)
    def _open(self) -> None:
        if (service := self.table.cursor_row) is not None:
            self.app.push_screen(GraphScreen(service))
