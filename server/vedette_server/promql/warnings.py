"""Warnings and infos that several functions share, in the words that Prometheus has for them."""

from __future__ import annotations

import numpy as np

from vedette_server.promql.context import Notes
from vedette_server.promql.errors import Span
from vedette_server.promql.numbers import format_general, quote_bytes
from vedette_server.promql.values import Floats, Mask
from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import METRIC_NAME

_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")


def warn_of_quantiles(notes: Notes, quantiles: Floats, span: Span) -> None:
    """Warn of quantiles that are NaN or outside 0 … 1."""
    for q in np.unique(quantiles[~((quantiles >= 0) & (quantiles <= 1))]):
        notes.warn(f"quantile value should be between 0 and 1, got {format_general(float(q))}", span)


def possible_non_counter(notes: Notes, labels: LabelColumns, present: Mask, span: Span) -> None:
    """Inform of a rate over metrics whose names are not those of counters."""
    if not len(labels):
        return
    codes, names = labels.column(METRIC_NAME)
    found = codes[:1] if (codes == codes[0]).all() else np.unique(codes)
    suspects = [c for c in found.tolist() if names[c] and not names[c].endswith(_COUNTER_ENDINGS)]
    for code in suspects:
        if present[codes == code].any():
            reason = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket"
            notes.inform(f"{reason}: {quote_bytes(names[code])}", span)
