"""All of one event, over the list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from vedette_tui.events import Event
from vedette_tui.formatting import format_moment
from vedette_tui.spans import Line, Span, printable


def label_line(labels: Mapping[str, str]) -> Line:
    """Return labels on one line, by name."""
    return tuple(span for name in sorted(labels) for span in (Span(f"{name}=", "dim"), Span(labels[name]), Span("  ")))


def describe(event: Event) -> str:
    """Return all that is known of an event: its text, then a line for each fact and label."""
    return "\n".join((printable(event.text), "", *_facts(event)))


def _facts(event: Event) -> Iterator[str]:
    facts = {"time": format_moment(event.time), "host": event.host, "source": event.source, "severity": event.severity}
    facts |= {"received": format_moment(event.received)} if event.received else {}
    facts |= {"from agent": event.agent} if event.agent else {}
    width = max(map(len, (*facts, *event.labels)))
    for name, value in (*facts.items(), ("", ""), *sorted(event.labels.items())):
        yield f"{printable(name):{width}}  {printable(value)}".rstrip()


class EventScreen(ModalScreen[None]):
    """An event in full; long ones scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close")]

    def __init__(self, event: Event) -> None:
        super().__init__()
        self._event = event

    def compose(self) -> ComposeResult:
        """One box."""
        with VerticalScroll(classes="box") as box:
            box.border_title = f"{self._event.severity} of {printable(self._event.host)}"
            box.border_subtitle = "Esc closes"
            yield Static(describe(self._event), markup=False)
