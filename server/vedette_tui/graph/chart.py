"""A chart as lines of text: curves of braille dots, levels as dashed lines, round marks on both axes. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from rich.cells import cell_len

from vedette_tui.formatting import format_value
from vedette_tui.graph.canvas import DOTS_DOWN, Canvas
from vedette_tui.graph.scale import Scale, fit_scale, time_ticks, value_ticks
from vedette_tui.spans import Line, Span, fit

MAX_SERIES = 4
MIN_WIDTH, MIN_HEIGHT, MIN_COLUMNS = 20, 5, 8
ROWS_PER_TICK = 3
CELLS_PER_TICK = 10
_DASHES = {"warn": "╌", "crit": "┅"}


@dataclass(frozen=True, slots=True)
class Level:
    """A level to draw: ``word`` is ``warn`` or ``crit``."""

    word: str
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw.

    Attributes:
        start_s: The moment at the left edge, s since the epoch.
        end_s: The moment at the right edge.
        series: Each curve's values, evenly spaced from edge to edge; NaN where there is none.
        unit: The unit of the values.
        levels: The finite levels.
        zoomed: Whether to hold the values closely, levels or not.
    """

    start_s: float
    end_s: float
    series: tuple[tuple[float, ...], ...]
    unit: str = ""
    levels: tuple[Level, ...] = ()
    zoomed: bool = False


def draw(chart: Chart, width: int, height: int) -> tuple[Line, ...]:
    """Return the chart as ``height`` lines of ``width`` cells; a message where there is no room or nothing to draw."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _message("no room for a graph", width, height)
    finite = [value for values in chart.series[:MAX_SERIES] for value in values if math.isfinite(value)]
    if not finite:
        return _message("no data in this time", width, height)
    scale = fit_scale(finite, [level.value for level in chart.levels], chart.unit, zoomed=chart.zoomed)
    rows = height - 2
    labels = _row_labels(chart, scale, rows)
    gutter = min(max(cell_len(label.text) for label in labels) + 1, width - MIN_COLUMNS)
    columns = width - gutter - 1
    canvas = _plot(chart, scale, columns, rows)
    level_rows = _level_rows(chart, scale, rows)
    lines = []
    for row, label in enumerate(labels):
        tick = Span("┤" if label.text else "│", "axis")
        body = _body(canvas, row, level_rows.get(row))
        lines.append((*fit([label], gutter - 1, "right"), Span(" "), tick, *body))
    return (*lines, *_time_axis(chart, gutter, columns))


def _plot(chart: Chart, scale: Scale, columns: int, rows: int) -> Canvas:
    canvas = Canvas(columns, rows)
    for owner, values in enumerate(chart.series[:MAX_SERIES]):
        before: tuple[int, int] | None = None
        for place, value in enumerate(values):
            if not math.isfinite(value):
                before = None
                continue
            x = round(place / max(1, len(values) - 1) * (canvas.dots_across - 1))
            y = round((1 - scale.fraction(value)) * (canvas.dots_down - 1))
            canvas.line(*(before or (x, y)), x, y, owner)
            before = (x, y)
    return canvas


def _row_of(scale: Scale, value: float, rows: int) -> int:
    return round((1 - scale.fraction(value)) * (rows * DOTS_DOWN - 1)) // DOTS_DOWN


def _level_rows(chart: Chart, scale: Scale, rows: int) -> dict[int, Level]:
    return {_row_of(scale, level.value, rows): level for level in chart.levels if scale.holds(level.value)}


def _row_labels(chart: Chart, scale: Scale, rows: int) -> list[Span]:
    """The label of each row: a level's name and value, else a round value, else nothing."""
    labels = [Span("")] * rows
    for value in value_ticks(scale, max(2, rows // ROWS_PER_TICK), chart.unit):
        labels[_row_of(scale, value, rows)] = Span(format_value(value, chart.unit), "axis")
    for row, level in _level_rows(chart, scale, rows).items():
        labels[row] = Span(f"{level.word} {format_value(level.value, chart.unit)}", f"{level.word}-level")
    return labels


def _body(canvas: Canvas, row: int, level: Level | None) -> Line:
    """One row of the plot; a level shows through where no curve runs."""
    blank = Span(_DASHES[level.word], f"{level.word}-level") if level else Span(" ")
    cells = [Span(sign, f"series-{owner}") if sign else blank for sign, owner in canvas.signs(row)]
    return tuple(
        Span("".join(cell.text for cell in run), kind) for kind, run in groupby(cells, key=lambda cell: cell.kind)
    )


def _time_axis(chart: Chart, gutter: int, columns: int) -> tuple[Line, Line]:
    rule, labels = ["─"] * columns, [" "] * (gutter + 1 + columns)
    span_s = chart.end_s - chart.start_s
    for moment in time_ticks(chart.start_s, chart.end_s, columns // CELLS_PER_TICK):
        x = round((moment - chart.start_s) / span_s * (columns - 1))
        text = datetime.fromtimestamp(moment).astimezone().strftime("%H:%M")
        at = gutter + 1 + x - len(text) // 2
        if at >= 0 and at + len(text) <= len(labels):
            rule[x] = "┬"
            labels[at : at + len(text)] = text
    return (
        (Span(" " * gutter), Span("└" + "".join(rule), "axis")),
        (Span("".join(labels), "axis"),),
    )


def _message(text: str, width: int, height: int) -> tuple[Line, ...]:
    middle = fit([Span(text[:width].center(width), "dim")], width)
    blank = (Span(" " * width),)
    return tuple(middle if row == height // 2 else blank for row in range(height))


def to_grid(pairs: Sequence[tuple[float, str]], start_s: float, step_s: float, count: int) -> tuple[float, ...]:
    """Return the pairs of a range query's answer as ``count`` evenly spaced values, NaN where one is missing."""
    grid = [math.nan] * count
    for moment, text in pairs:
        place = round((moment - start_s) / step_s)
        if 0 <= place < count:
            grid[place] = float(text)
    return tuple(grid)
