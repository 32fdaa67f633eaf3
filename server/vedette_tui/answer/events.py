"""Events as lines of a table that goes on: oldest first, as a log has them."""

from __future__ import annotations

from collections.abc import Sequence

from vedette_tui.answer.table import GAP, format_moment
from vedette_tui.events import Event

_COLOURS = {"warning": "33", "critical": "1;31"}
"""The parameters of SGR (ECMA-48) for a severity."""
_HEAD = ("TIME", "SEVERITY", "HOST", "SOURCE", "TEXT")


class EventTable:
    """Lays events out, one line each. Columns only grow, so that later lines stand below earlier ones."""

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured
        self._widths = [len(title) for title in _HEAD[:-1]]
        self._has_head = False

    def lines(self, events: Sequence[Event]) -> list[str]:
        """Return the lines of ``events``, with a head above the first of all."""
        rows = [_cells(event) for event in events]
        for row in rows:
            self._widths = [max(width, len(cell)) for width, cell in zip(self._widths, row[:-1], strict=True)]
        head = [] if self._has_head or not events else [self._line(_HEAD)]
        self._has_head = self._has_head or bool(events)
        return head + [self._painted(event, self._line(row)) for event, row in zip(events, rows, strict=True)]

    def _line(self, cells: Sequence[str]) -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells[:-1], self._widths, strict=True)]
        return GAP.join((*padded, cells[-1])).rstrip()

    def _painted(self, event: Event, line: str) -> str:
        colour = _COLOURS.get(event.severity) if self._coloured else None
        return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


def _cells(event: Event) -> tuple[str, ...]:
    cells = (event.severity, event.host, event.source, event.text)
    return (_moment(event.time), *(map(_printable, cells)))


def _moment(time_ms: int) -> str:
    try:
        return format_moment(time_ms // 1000)
    except (ValueError, OverflowError, OSError):
        return str(time_ms)


def _printable(text: str) -> str:
    """A trap may hold anything; none of it is to reach the terminal as a command."""
    return "".join(character if character.isprintable() else "�" for character in text)
