"""What ``kernels`` writes, in Python: its reference, and its stand-in until it is compiled."""

from __future__ import annotations

from itertools import compress

from vedette_server.api.numbers import format_time, format_value
from vedette_server.api.results.series import FlatSeries
from vedette_server.api.texts import encode_text
from vedette_server.storage.interface import LabelColumns


def write_series(series: FlatSeries, first: int, last: int) -> bytes:
    """Return the series ``first`` to ``last`` as JSON, commas between them."""
    return b",".join(_entry(series, row) for row in range(first, last))


def write_label_sets(labels: LabelColumns, first: int, last: int) -> bytes:
    """Return the label sets ``first`` to ``last`` as JSON, commas between them."""
    return b",".join(b"{%b}" % _pairs(labels, row) for row in range(first, last))


def _pairs(labels: LabelColumns, row: int) -> bytes:
    return b",".join(encode_text(name) + b":" + encode_text(value) for name, value in labels.labels(row))


def _entry(series: FlatSeries, row: int) -> bytes:
    start, end, clock = int(series.offsets[row]), int(series.offsets[row + 1]), int(series.clocks[row])
    times = map(format_time, series.times[clock : clock + end - start].tolist())
    values = map(format_value, series.values[start:end].tolist())
    points = [f'[{time},"{value}"]' for time, value in zip(times, values, strict=True)]
    if len(series.present):
        points = list(compress(points, series.present[start:end].tolist()))
    pairs = _pairs(series.labels, row)
    text = ",".join(points)
    return b'{"metric":{%b},%b}' % (pairs, (f'"value":{text}' if series.single else f'"values":[{text}]').encode())
