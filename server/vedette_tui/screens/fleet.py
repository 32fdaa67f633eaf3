"""The first screen: every host, the worst on top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from vedette_tui.client import Host
from vedette_tui.formatting import NOTHING, format_age, format_load, format_percent
from vedette_tui.screens.events import EventsScreen
from vedette_tui.screens.listing import Listing, ListScreen
from vedette_tui.spans import Line, Span
from vedette_tui.states import PROBLEMS, has_problem, host_severity, problem_count, state_span
from vedette_tui.table.columns import Column
from vedette_tui.table.widget import RowTable


def _state(host: Host, now_ms: int) -> Line:  # noqa: ARG001
    return (state_span(host.state),)


def _name(host: Host, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(host.host, "strong" if has_problem(host) else ""),)


def _problems(host: Host, now_ms: int) -> Line:  # noqa: ARG001
    spans: list[Span] = []
    for state in PROBLEMS:
        if count := host.services.get(state, 0):
            spans += [Span(" ")] if spans else []
            spans.append(Span(f"{count} {state}", state.lower()))
    return tuple(spans) or (Span(f"{host.services.get('OK', 0)} OK" if host.services else NOTHING, "dim"),)


def _load(host: Host, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(format_load(host.load1)),)


def _memory(host: Host, now_ms: int) -> Line:  # noqa: ARG001
    return (Span(format_percent(host.memory_used_percent)),)


def _since(host: Host, now_ms: int) -> Line:
    return (Span(format_age(None if host.since is None else now_ms - host.since)), Span("" if host.hard else " soft"))


def _last_seen(host: Host, now_ms: int) -> Line:
    if not host.last_seen:
        return (Span("never"),)
    return (Span(format_age(now_ms - host.last_seen)),)


COLUMNS: tuple[Column[Host], ...] = (
    Column("state", "STATE", 8, _state, host_severity, descending=True),
    Column("host", "HOST", 16, _name, lambda host: host.host, grow=4, max_width=45),
    Column("problems", "PROBLEMS", 24, _problems, problem_count, descending=True, grow=1, max_width=40),
    Column("load", "LOAD", 6, _load, lambda host: host.load1, descending=True, align="right"),
    Column(
        "memory", "MEMORY", 7, _memory, lambda host: host.memory_used_percent, descending=True, align="right", drop=1
    ),
    Column("since", "SINCE", 8, _since, lambda host: host.since, descending=True, align="right", drop=3),
    Column("last_seen", "SEEN", 5, _last_seen, lambda host: host.last_seen or 0, align="right", drop=2),
)


def _text(host: Host) -> str:
    problems = " ".join(state for state, count in host.services.items() if count and state != "OK")
    return f"{host.host} {host.state} {problems} {host.summary} {'' if host.hard else 'soft'}"


HOSTS = Listing("hosts", COLUMNS, lambda host: host.host, _text, has_problem)


def count_states(hosts: Sequence[Host]) -> Iterable[Span]:
    """Return how many hosts and services are in which state, the worst first."""
    counts: Counter[str] = Counter()
    for host in hosts:
        counts.update(host.services)
        counts[host.state] += host.state != "UP"
    for state in ("DOWN", "UNREACH", *PROBLEMS):
        if counts[state]:
            yield Span("  ")
            yield Span(f"{counts[state]} {state}", state.lower())
    yield Span(f"  {counts['OK']} OK", "dim")


def host_details(host: Host) -> Line:
    """Return the line that tells how sure a host's state is and what led to it."""
    note = "" if host.hard else f" (soft state, attempt {host.attempt})"
    return (Span(" "), state_span(host.state), Span(f" {host.host}{note}{': ' if host.summary else ''}{host.summary}"))


class FleetScreen(ListScreen[Host]):
    """The fleet table."""

    goes_back = False

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "events", "Events")]

    def __init__(self) -> None:
        super().__init__("Fleet", HOSTS)

    async def fetch(self) -> int:
        """Ask for the hosts."""
        answer = await self.top.client.hosts()
        self.keep(answer.hosts)
        return answer.time

    def counts(self, rows: Sequence[Host]) -> Iterable[Span]:
        """Count the fleet."""
        return count_states(rows)

    def detail(self, row: Host | None) -> tuple[Line, ...]:
        """Tell why the host under the cursor is in its state."""
        return () if row is None else (host_details(row),)

    def action_events(self) -> None:
        """Show what happened in the fleet."""
        self.app.push_screen(EventsScreen())

    @on(RowTable.Selected)
    def _open(self, event: RowTable.Selected) -> None:
        self.top.show_host(event.key)
