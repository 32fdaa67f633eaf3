"""From lines of spans to what Textual puts on the screen, and a widget that shows a few such lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from vedette_tui.spans import KINDS, Line, Span, fit

SPAN_CLASSES = frozenset(f"span--{kind}" for kind in KINDS)
"""The component classes of a widget that paints spans."""


def paint(widget: Widget, line: Iterable[Span], base: Style) -> Strip:
    """Return ``line`` with the looks that the style sheet gives to its kinds, over ``base``."""
    segments = []
    for text, kind in line:
        style = base + widget.get_component_rich_style(f"span--{kind}", partial=True) if kind else base
        segments.append(Segment(text, style))
    return Strip(segments)


class Lines(Widget):
    """Shows lines of spans, each cut to the width."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(SPAN_CLASSES)

    lines: reactive[tuple[Line, ...]] = reactive((), layout=False)

    def show(self, *lines: Sequence[Span]) -> None:
        """Show ``lines``."""
        self.lines = tuple(tuple(line) for line in lines)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        style = self.rich_style
        line: Sequence[Span] = self.lines[y] if y < len(self.lines) else ()
        return paint(self, fit(line, self.size.width), style)
