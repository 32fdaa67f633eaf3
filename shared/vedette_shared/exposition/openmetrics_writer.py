"""Writes OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/)."""

from __future__ import annotations

from collections.abc import Iterable

from vedette_shared.exposition.numbers import format_value
from vedette_shared.exposition.openmetrics_lines import END
from vedette_shared.exposition.openmetrics_rules import SUFFIXES
from vedette_shared.exposition.series import series_prefix
from vedette_shared.exposition.text_writer import group_by_name
from vedette_shared.labels import is_legacy_metric_name, quote
from vedette_shared.metrics import MetricFamily, MetricType

_NAME_ENDS_IN = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}
_WITHOUT_UNIT = {MetricType.INFO, MetricType.STATE_SET}


def write_openmetrics(families: Iterable[MetricFamily]) -> bytes:
    """Return the page of ``families``: families of one name stand together, under the first one's metadata.

    The names of series are those of the text format. Where the rules of OpenMetrics for names forbid that, as with a
    counter that does not end in ``_total``, the family is shown as of type unknown instead.
    """
    parts: list[str] = []
    taken: set[str] = set()
    for group in group_by_name(families):
        parts.append(_head(group[0], taken))
        for family in group:
            for name, labels, value, timestamp in family.samples:
                parts += (series_prefix(name, labels), format_value(value))
                parts.append("\n" if timestamp is None else f" {format_seconds(timestamp)}\n")
    parts.append(f"{END}\n")
    return "".join(parts).encode()


def _head(family: MetricFamily, taken: set[str]) -> str:
    kind = family.type
    ending = _NAME_ENDS_IN.get(kind, "")
    name = family.name.removesuffix(ending)
    names = {name, *(name + suffix for suffix in SUFFIXES[kind])}
    if not family.name.endswith(ending) or not name or names & taken:
        name, kind, names = family.name, MetricType.UNKNOWN, {family.name}
    taken |= names
    shown = name if is_legacy_metric_name(name) else quote(name)
    lines = [f"# HELP {shown} {quote(family.help)[1:-1]}\n"] if family.help else []
    lines.append(f"# TYPE {shown} {kind.value}\n")
    if family.unit and kind not in _WITHOUT_UNIT and name.endswith(f"_{family.unit}"):
        lines.append(f"# UNIT {shown} {family.unit}\n")
    return "".join(lines)


def format_seconds(milliseconds: int) -> str:
    """Return a timestamp as OpenMetrics has it, in seconds: ``1700000000`` or ``1700000000.250``."""
    sign = "-" if milliseconds < 0 else ""
    whole, rest = divmod(abs(milliseconds), 1000)
    return f"{sign}{whole}.{rest:03}" if rest else f"{sign}{whole}"
