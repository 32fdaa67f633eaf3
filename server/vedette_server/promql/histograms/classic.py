"""``histogram_quantile``, ``histogram_quantiles`` and ``histogram_fraction`` over classic buckets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.binary import join
from vedette_server.promql.columns import Rows
from vedette_server.promql.context import Notes
from vedette_server.promql.errors import Span
from vedette_server.promql.histograms import kernels
from vedette_server.promql.merge import merge_duplicates
from vedette_server.promql.nodes import Call, Expr
from vedette_server.promql.numbers import format_open_metrics, quote_bytes
from vedette_server.promql.values import Evaluation, Floats, Grid, Mask, Times, Vector, flags
from vedette_server.promql.warnings import warn_of_quantiles
from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import METRIC_NAME

_BUCKET_LABEL = "le"
_MONOTONICITY = (
    "input to histogram_quantile needed to be fixed for monotonicity"
    " (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)


@dataclass(frozen=True, slots=True)
class _Buckets:
    """The rows of a vector as histograms; see ``kernels`` for the arrays."""

    labels: LabelColumns
    order: Times
    bounds: Floats
    starts: Times


def _buckets(notes: Notes, vector: Vector, span: Span) -> _Buckets:
    """Group the rows that differ in ``le`` alone; rows whose ``le`` is no number are left out with a warning."""
    codes, values = vector.labels.column(_BUCKET_LABEL)
    parsed = [_bound(value) for value in values]
    valid = np.array([bound is not None for bound in parsed], np.bool_)[codes]
    _warn_of_bad_labels(notes, vector, ~valid, span)
    rows = np.flatnonzero(valid)
    bounds = np.array([np.nan if bound is None else bound for bound in parsed])[codes[rows]]
    chosen = vector.labels.take(rows)
    names = set(chosen.names()) - {_BUCKET_LABEL}
    groups, first = columns.group_rows(chosen, names)
    order = np.lexsort((bounds, groups))
    starts = np.searchsorted(groups[order], np.arange(len(first) + 1))
    labels = columns.drop(chosen, (_BUCKET_LABEL,)).take(first)
    return _Buckets(labels, rows[order].astype(np.int64), bounds[order], starts.astype(np.int64))


def _bound(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _warn_of_bad_labels(notes: Notes, vector: Vector, wrong: Mask, span: Span) -> None:
    rows = np.flatnonzero(wrong & vector.present.any(axis=1))
    if not len(rows):
        return
    bad = vector.labels.take(rows)
    les, les_values = bad.column(_BUCKET_LABEL)
    names, names_values = bad.column(METRIC_NAME)
    for le, name in sorted({(int(a), int(b)) for a, b in zip(les, names, strict=True)}):
        message = f'bucket label "{_BUCKET_LABEL}" is missing or has a malformed value of {quote_bytes(les_values[le])}'
        notes.warn(message + _for_metric(names_values[name]), span)


def _for_metric(name: str) -> str:
    return f" for metric name {quote_bytes(name)}" if name else ""


def _one_quantile(notes: Notes, vector: Vector, buckets: _Buckets, q: Floats, span: Span) -> Vector:
    values, present, forced = kernels.quantiles(
        vector.values, vector.present, buckets.order, buckets.bounds, buckets.starts, q
    )
    for row in _first_by_name(buckets.labels, np.flatnonzero(forced)):
        codes, names = buckets.labels.column(METRIC_NAME)
        notes.inform(_MONOTONICITY + _for_metric(names[codes[row]]), span)
    return Vector(buckets.labels, values, present, flags(len(buckets.labels), value=True))


def _first_by_name(labels: LabelColumns, rows: Rows) -> Rows:
    codes, _ = labels.column(METRIC_NAME)
    _, first = np.unique(codes[rows], return_index=True)
    return rows[first]


def _histogram_quantile(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    notes = evaluation.context.notes
    quantile, buckets_arg = call.args
    q = evaluation.scalar(quantile, grid)
    warn_of_quantiles(notes, q, quantile.span)
    vector = evaluation.vector(buckets_arg, grid)
    return _one_quantile(notes, vector, _buckets(notes, vector, buckets_arg.span), q, buckets_arg.span)


def _histogram_quantiles(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    """A series for each histogram and quantile; the quantile stands in a label."""
    notes = evaluation.context.notes
    buckets_arg, label_arg, *quantile_args = call.args
    label = evaluation.text(label_arg)
    parts: list[tuple[Expr, Floats]] = [(arg, evaluation.scalar(arg, grid)) for arg in quantile_args]
    for arg, q in parts:
        warn_of_quantiles(notes, q, arg.span)
    vector = evaluation.vector(buckets_arg, grid)
    buckets = _buckets(notes, vector, buckets_arg.span)
    found = []
    for _, q in parts:
        one = _one_quantile(notes, vector, buckets, q, buckets_arg.span)
        found.extend(_labelled(one, label, q))
    return merge_duplicates(join(found))


def _labelled(vector: Vector, label: str, q: Floats) -> list[Vector]:
    """The vector with the quantile in a label; a quantile that changes from step to step makes several series."""
    parts = []
    for value in np.unique(q):
        here = np.isnan(q) if np.isnan(value) else q == value
        column = (np.zeros(len(vector), np.int32), (format_open_metrics(float(value)),))
        labels = columns.put(vector.labels, label, column)
        parts.append(Vector(labels, vector.values, vector.present & here, vector.drop_name))
    return parts


def _histogram_fraction(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    low, high = (evaluation.scalar(arg, grid) for arg in call.args[:2])
    buckets_arg = call.args[2]
    vector = evaluation.vector(buckets_arg, grid)
    buckets = _buckets(evaluation.context.notes, vector, buckets_arg.span)
    values, present = kernels.fractions(
        vector.values, vector.present, buckets.order, buckets.bounds, buckets.starts, low, high
    )
    return Vector(buckets.labels, values, present, flags(len(buckets.labels), value=True))


def _native_only(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    """Functions that look at native histograms and pass over floats: nothing is left of a vector of floats."""
    vector = evaluation.vector(call.args[0], grid)
    return Vector(vector.labels, vector.values, np.zeros_like(vector.present), flags(len(vector), value=True))


CALLS = {
    "histogram_quantile": _histogram_quantile,
    "histogram_quantiles": _histogram_quantiles,
    "histogram_fraction": _histogram_fraction,
    **dict.fromkeys(
        ("histogram_avg", "histogram_count", "histogram_sum", "histogram_stddev", "histogram_stdvar"), _native_only
    ),
}
