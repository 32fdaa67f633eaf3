"""A chart that fills the room it has."""

from __future__ import annotations

from typing import ClassVar

from textual.strip import Strip
from textual.widget import Widget

from vedette_tui.graph.chart import Chart, draw
from vedette_tui.paint import SPAN_CLASSES, paint
from vedette_tui.spans import Line, Span, fit


class Graph(Widget):
    """Shows a chart, or one line of text in its place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(SPAN_CLASSES)

    def __init__(self) -> None:
        super().__init__()
        self._chart: Chart | None = None
        self._message = ""
        self._lines: tuple[Line, ...] = ()

    def show(self, chart: Chart) -> None:
        """Show ``chart``."""
        self._chart, self._message = chart, ""
        self._draw()

    def say(self, message: str) -> None:
        """Show a text: there is no chart."""
        self._chart, self._message = None, message
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        line = self._lines[y] if y < len(self._lines) else ()
        return paint(self, fit(line, self.size.width), self.rich_style)

    def _draw(self) -> None:
        if self._chart is None:
            self._lines = ((), (Span(f" {self._message}", "dim"),))
        else:
            self._lines = draw(self._chart, self.size.width, self.size.height)
        self.refresh()
