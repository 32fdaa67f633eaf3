"""Writes OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/)."""

from __future__ import annotations

from collections.abc import Iterable

from vedette_shared.exposition.numbers import format_value
from vedette_shared.exposition.openmetrics_families import family_head
from vedette_shared.exposition.openmetrics_lines import END
from vedette_shared.exposition.series import series_prefix
from vedette_shared.exposition.text_writer import group_by_name
from vedette_shared.metrics import MetricFamily


def write_openmetrics(families: Iterable[MetricFamily]) -> bytes:
    """Return the page of ``families``: families of one name stand together, under the first one's metadata.

    The names of series are those of the text format. Where the rules of OpenMetrics for names forbid that, as with a
    counter that does not end in ``_total``, the family is shown as of type unknown instead.
    """
    parts: list[str] = []
    taken: set[str] = set()
    for group in group_by_name(families):
        head = family_head(group[0], taken)
        taken |= head.names
        parts.append(head.text)
        for family in group:
            for name, labels, value, timestamp in family.samples:
                parts += (series_prefix(name, labels), format_value(value))
                parts.append("\n" if timestamp is None else f" {format_seconds(timestamp)}\n")
    parts.append(f"{END}\n")
    return "".join(parts).encode()


def format_seconds(milliseconds: int) -> str:
    """Return a timestamp as OpenMetrics has it, in seconds: ``1700000000`` or ``1700000000.250``."""
    sign = "-" if milliseconds < 0 else ""
    whole, rest = divmod(abs(milliseconds), 1000)
    return f"{sign}{whole}.{rest:03}" if rest else f"{sign}{whole}"
