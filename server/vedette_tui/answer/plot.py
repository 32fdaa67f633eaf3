"""Answers of range queries as plots for a terminal: the chart of ``vedette top``, with a legend below."""

from __future__ import annotations

from typing import Any

from vedette_shared.labels import format_series
from vedette_tui.answer.table import headings, labels_of, shorten
from vedette_tui.graph.chart import MAX_SERIES, Chart, draw, to_grid
from vedette_tui.spans import Line, Span, fit, plain

HEIGHT = 20
_COLOURS = {"series-0": "36", "series-1": "33", "series-2": "32", "series-3": "35", "axis": "2", "dim": "2"}
"""The parameters of SGR (ECMA-48) for the kinds of a chart's spans."""

_MARK = "⣿"


def left_out(data: dict[str, Any]) -> list[str]:
    """Return what to say of the series that are not drawn."""
    count = len(data["result"])
    return [f"drawn are {MAX_SERIES} of {count} series; topk({MAX_SERIES}, …) chooses"] if count > MAX_SERIES else []


def render_plot(
    data: dict[str, Any], start_s: int, end_s: int, step_s: float, width: int, *, coloured: bool
) -> list[str]:
    """Return the lines of a plot, ``width`` cells wide, of the first ``MAX_SERIES`` series."""
    result = data["result"][:MAX_SERIES]
    count = int((end_s - start_s) / step_s) + 1
    last = start_s + (count - 1) * step_s
    series = tuple(to_grid(entry["values"], start_s, step_s, count) for entry in result)
    lines: list[Line] = []
    common, heads = headings([labels_of(entry) for entry in result]) if result else ((), [])
    if common:
        lines.append(fit([Span(format_series(common))], width))
    lines += draw(Chart(start_s, last, series), width, HEIGHT)
    for owner, (entry, head) in enumerate(zip(result, heads, strict=True)):
        shown = "" if head == "VALUE" else f"{head} "
        text = f" {shown}{shorten(entry['values'][-1][1])}"
        lines.append(fit([Span(_MARK, f"series-{owner}"), Span(text)], width))
    return [_paint(line) if coloured else plain(line).rstrip() for line in lines]


def _paint(line: Line) -> str:
    return "".join(
        f"\x1b[{_COLOURS[span.kind]}m{span.text}\x1b[0m" if span.kind in _COLOURS else span.text for span in line
    ).rstrip()
