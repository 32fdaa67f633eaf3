"""Answers as aligned tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from vedette_shared.labels import EMPTY, Labels, format_series, make_labels

Row: TypeAlias = tuple[str, ...]

GAP = "  "
NOTHING = "–"
_LONG = 10
_WHOLE_FROM, _WHOLE_TO = 1e6, 1e15


def render(data: dict[str, Any]) -> list[str]:
    """Return the lines that show ``data``, the data of the answer to an instant query, to a person."""
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        return [str(result[1])]
    rows: list[Row]
    if kind == "vector":
        rows = [("SERIES", "VALUE"), *((format_series(labels_of(entry)), entry["value"][1]) for entry in result)]
    else:
        rows = [("SERIES", "TIME", "VALUE"), *_matrix_rows(result)]
    return align(rows) if result else ["no series matches"]


def render_range(data: dict[str, Any], width: int) -> list[str]:
    """Return the lines that show the answer to a range query.

    Where all series fit in ``width``: time goes down, series across, and what is common to all stands above. Else each
    series takes a line, with its least, mean, greatest and last value.
    """
    result = data["result"]
    if not result:
        return ["no series matches"]
    common, heads = headings([labels_of(entry) for entry in result])
    wide = _wide(result, heads)
    if sum(map(max, _widths(wide))) + len(GAP) * len(result) <= width or len(result) == 1:
        return [*([format_series(common)] if common else []), *align(wide, left=1)]
    return align([("SERIES", "MIN", "MEAN", "MAX", "LAST"), *map(_summary, result)], left=1)


def headings(series: Sequence[Labels]) -> tuple[Labels, list[str]]:
    """Return (the labels that all series have alike, a heading for each series made of the others)."""
    shared = set(series[0]).intersection(*series[1:])
    common = make_labels(shared) if shared else EMPTY
    rest = [make_labels([pair for pair in labels if pair not in shared]) for labels in series]
    return common, [_heading(labels) if len(series) > 1 else "VALUE" for labels in rest]


def align(rows: Sequence[Row], left: int = -1) -> list[str]:
    """Return ``rows`` as lines whose columns stand below one another.

    The first ``left`` columns are set to the left and the others to the right; -1 is all but the last.
    """
    widths = [max(column) for column in _widths(rows)]
    left = left if left >= 0 else len(widths) - 1
    return [
        GAP.join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def shorten(text: str) -> str:
    """Return a value in six digits or so where it is long; whole numbers keep all of theirs."""
    if len(text) <= _LONG:
        return text
    value = float(text)
    whole = _WHOLE_FROM <= abs(value) < _WHOLE_TO
    return f"{value:.0f}" if whole else f"{value:.6g}"


def labels_of(entry: dict[str, Any]) -> Labels:
    """The label set of one series of an answer."""
    return make_labels(entry["metric"])


def format_moment(at_s: float) -> str:
    """Return a moment in UTC as RFC 3339 has it, to the millisecond where need be."""
    precision = "seconds" if at_s == math.floor(at_s) else "milliseconds"
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _widths(rows: Sequence[Row]) -> list[list[int]]:
    return [[len(cell) for cell in column] for column in zip(*rows, strict=True)]


def _heading(labels: Labels) -> str:
    text = format_series(labels)
    return text[1:-1] if text.startswith("{") and labels else text


def _wide(result: Sequence[dict[str, Any]], heads: Sequence[str]) -> list[Row]:
    columns = [dict(entry["values"]) for entry in result]
    moments = sorted(set().union(*columns))
    rows = [
        (format_moment(at), *(shorten(column[at]) if at in column else NOTHING for column in columns)) for at in moments
    ]
    return [("TIME", *heads), *rows]


def _summary(entry: dict[str, Any]) -> Row:
    texts = [text for _, text in entry["values"]]
    values = [float(text) for text in texts]
    finite = [value for value in values if not math.isnan(value)] or [math.nan]
    figures = (min(finite), math.fsum(finite) / len(finite) if math.isfinite(sum(finite)) else sum(finite), max(finite))
    return (format_series(labels_of(entry)), *(shorten(_text(figure)) for figure in figures), shorten(texts[-1]))


def _text(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value).removesuffix(".0")


def _matrix_rows(result: Iterable[dict[str, Any]]) -> Iterable[Row]:
    for entry in result:
        name = format_series(labels_of(entry))
        for at, value in entry["values"]:
            moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
            yield name, moment.replace("+00:00", "Z"), value
            name = ""
