"""The third screen: one service over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer

from vedette_tui.client import Levels, RangeSeries, Service
from vedette_tui.formatting import format_age, format_value, is_level
from vedette_tui.graph.chart import MAX_SERIES, Chart, Level, to_grid
from vedette_tui.graph.scale import query_step
from vedette_tui.graph.widget import Graph
from vedette_tui.live import LiveScreen
from vedette_tui.paint import Lines
from vedette_tui.spans import Line, Span
from vedette_tui.states import state_span

RANGES = (("15m", 900), ("1h", 3_600), ("6h", 21_600), ("24h", 86_400))
FIRST_RANGE = 1
POINTS = 240


@dataclass(frozen=True, slots=True)
class Window:
    """The grid of moments that a range query asks for: ``count`` values, ``step_s`` apart, the last at ``end_s``."""

    start_s: int
    end_s: int
    step_s: int

    @property
    def count(self) -> int:
        """How many values there are."""
        return (self.end_s - self.start_s) // self.step_s + 1


def window_of(range_s: int, now_ms: int) -> Window:
    """Return the window of ``range_s`` up to now, on full steps so that the picture does not shiver."""
    step = query_step(range_s, POINTS)
    end = now_ms // 1000 // step * step
    return Window(end - range_s, end, step)


def levels_to_draw(levels: Levels) -> tuple[Level, ...]:
    """Return the levels that can be reached, WARN before CRIT so that CRIT wins where both fall into one row."""
    pairs = [pair for pair in (levels.upper, levels.lower) if pair is not None]
    found = [(word, pair[place]) for place, word in enumerate(("warn", "crit")) for pair in pairs]
    return tuple(Level(word, value) for word, value in found if value is not None and is_level(value))


def series_names(series: Sequence[RangeSeries]) -> list[str]:
    """Return a name for each series: the labels in which they differ."""
    keys = sorted({key for one in series for key in one.metric})
    differing = [key for key in keys if len({one.metric.get(key, "") for one in series}) > 1]
    return [" ".join(f"{key}={one.metric[key]}" for key in differing if key in one.metric) for one in series]


def legend(series: Sequence[RangeSeries], unit: str) -> Line:
    """Return the line below the title: the least, mean, greatest and last value, or the series' names."""
    if len(series) > 1:
        names = series_names(series)[:MAX_SERIES]
        spans = [Span(f" ━ {name}", f"series-{place}") for place, name in enumerate(names)]
        more = len(series) - MAX_SERIES
        return (*spans, Span(f"  and {more} more", "dim")) if more > 0 else tuple(spans)
    values = [value for one in series for _, text in one.values if math.isfinite(value := float(text))]
    if not values:
        return ()
    facts = (("min", min(values)), ("mean", sum(values) / len(values)), ("max", max(values)), ("last", values[-1]))
    return tuple(span for word, value in facts for span in (Span(f" {word} ", "dim"), Span(format_value(value, unit))))


class GraphScreen(LiveScreen):
    """A graph of one service with its levels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"range({key - 1})", name) for key, (name, _) in enumerate(RANGES, start=1)),
        Binding("z", "zoom", "Zoom"),
        Binding("escape", "dismiss", "Back", key_display="Esc"),
    ]

    def __init__(self, service: Service) -> None:
        super().__init__()
        self._service = service
        self._range = FIRST_RANGE
        self._zoomed = False
        self._asked: tuple[str, Window] | None = None
        self._answer: tuple[RangeSeries, ...] = ()
        self._heading, self._summary, self._legend = Lines(id="title"), Lines(id="summary"), Lines(id="legend")
        self._graph = Graph()

    def compose(self) -> ComposeResult:
        """Title, legend, graph, status, keys."""
        yield from (self._heading, self._summary, self._legend, self._graph, self.status)
        yield Footer(show_command_palette=False)

    async def fetch(self) -> int:
        """Ask for the service's state, and for its series where a new step has come."""
        client, old = self.top.client, self._service
        answer = await client.services(old.host)
        self._service = next((one for one in answer.services if one.service == old.service), old)
        if query := self._service.graph:
            window = window_of(RANGES[self._range][1], answer.time)
            if (query, window) != self._asked:
                self._answer = await client.query_range(query, window.start_s, window.end_s, window.step_s)
                self._asked = (query, window)
        return answer.time

    def redraw(self) -> None:
        """Show the service and its graph."""
        service = self._service
        self._heading.show(tuple(self._title()))
        self._summary.show([Span(" "), Span(service.summary)])
        scope = [Span(f" last {RANGES[self._range][0]} ", "strong"), Span(" zoomed " if self._zoomed else "", "strong")]
        self._legend.show([*scope, *legend(self._answer, service.unit)])
        graph = self._graph
        if not service.graph:
            graph.say("this service has no graph")
        elif self._asked is None:
            graph.say("waiting for the server")
        else:
            graph.show(self._chart(self._asked[1]))

    def action_range(self, place: int) -> None:
        """Show another stretch of time."""
        self._range = place
        self._asked, self._answer = None, ()
        self.redraw()
        self.action_hurry()

    def action_zoom(self) -> None:
        """Hold the values closely, or show the levels again."""
        self._zoomed = not self._zoomed
        self.redraw()

    def _title(self) -> Iterable[Span]:
        service = self._service
        yield Span(f" {service.host} ", "title")
        yield Span(f" {service.service}  ")
        yield state_span(service.state)
        if service.since is not None:
            yield Span(f" for {format_age(self.now_ms - service.since)}")
        yield Span(f"  {format_value(service.value, service.unit)}")

    def _chart(self, window: Window) -> Chart:
        grids = tuple(to_grid(one.values, window.start_s, window.step_s, window.count) for one in self._answer)
        service = self._service
        return Chart(
            window.start_s, window.end_s, grids, service.unit, levels_to_draw(service.levels), zoomed=self._zoomed
        )
