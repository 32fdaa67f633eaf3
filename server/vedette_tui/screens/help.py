"""The help over the other screens."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = """\
Moving     ↑ ↓ j k  one row      PgUp PgDn Space  one screen
           Home g  first row     End G  last row
           Enter  open           Esc  back, or clear the filter

Tables     /  filter: rows in which every word occurs
           p  problems only      r  ask the server now
           s  sort by the next column     S  turn the order round

Events     e  of the fleet, or of this host   h  the event's host
Graph      1 2 3 4  last 15 minutes, hour, 6 hours, 24 hours
           z  zoom to the values, or show the levels again

Anywhere   t  light or dark      ?  this help      q  quit

States     host     UP, DOWN, UNREACH (behind a host that is down)
           service  OK, WARN, CRIT, UNKNOWN (no value to judge)
           soft     a problem not yet confirmed by enough checks
           stale    no new data: the state is the last one known

Status     live          the server answers
           server away   it does not: the data, dimmed, is that old
           server fails  it answers, but not with what was asked for
"""


class HelpScreen(ModalScreen[None]):
    """Every key and every word on the screens."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """One box."""
        with VerticalScroll(classes="box") as box:
            box.border_title = "Keys and words"
            box.border_subtitle = "Esc closes"
            yield Static(HELP, markup=False)
