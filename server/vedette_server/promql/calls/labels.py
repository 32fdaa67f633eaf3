"""``label_replace`` and ``label_join``: work on the distinct values of a label, never on whole label sets."""

from __future__ import annotations

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.columns import Codes, Column
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.merge import merge_duplicates
from vedette_server.promql.nodes import Call
from vedette_server.promql.numbers import is_utf8, quote_bytes
from vedette_server.promql.regex import RegexError, compile_anchored
from vedette_server.promql.values import Evaluation, Grid, Mask, Vector
from vedette_shared.labels import METRIC_NAME


def _require_name(name: str, what: str, function: str) -> None:
    if not name or not is_utf8(name):
        raise ExecutionError(f"invalid {what} label name in {function}(): {quote_bytes(name)[1:-1]}")


def _label_replace(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    target, replacement, source, pattern = (evaluation.text(arg) for arg in call.args[1:])
    try:
        expand = compile_anchored(pattern).expander(replacement)
    except RegexError:
        raise ExecutionError(f"invalid regular expression in label_replace(): {pattern}") from None
    _require_name(target, "destination", "label_replace")
    vector = evaluation.vector(call.args[0], grid)
    codes, values = vector.labels.column(source)
    used = np.unique(codes)
    expanded = {int(code): expand(values[code]) for code in used}
    matched = np.zeros(len(values), np.bool_)
    matched[[code for code, text in expanded.items() if text is not None]] = True
    texts = [expanded.get(code) or "" for code in range(len(values))]
    return _with_label(vector, target, (codes, texts), matched[codes])


def _label_join(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    target, separator, *sources = (evaluation.text(arg) for arg in call.args[1:])
    for source in sources:
        _require_name(source, "source", "label_join")
    _require_name(target, "destination", "label_join")
    vector = evaluation.vector(call.args[0], grid)
    found = [vector.labels.column(source) for source in sources]
    groups, first = columns.group_columns(found, len(vector))
    texts = [separator.join(values[codes[row]] for codes, values in found) for row in first]
    return _with_label(vector, target, (groups.astype(np.int32), texts), np.ones(len(vector), np.bool_))


def _with_label(vector: Vector, name: str, column: Column, where: Mask) -> Vector:
    """Set a label in the rows where ``where`` is set; the name label, once set, stays."""
    codes, values = column
    old_codes, old_values = vector.labels.column(name)
    merged: Codes = np.where(where, codes + len(old_values), old_codes).astype(np.int32)
    labels = columns.put(vector.labels, name, columns.recode(merged, [*old_values, *values]))
    drop_name = vector.drop_name & ~where if name == METRIC_NAME else vector.drop_name
    return merge_duplicates(Vector(labels, vector.values, vector.present, drop_name))


CALLS = {"label_replace": _label_replace, "label_join": _label_join}
