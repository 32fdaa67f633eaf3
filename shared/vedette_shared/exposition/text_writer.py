"""Writes the text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from __future__ import annotations

from collections.abc import Iterable

from vedette_shared.exposition.numbers import format_value
from vedette_shared.exposition.series import series_prefix
from vedette_shared.labels import is_legacy_metric_name, quote
from vedette_shared.metrics import MetricFamily, MetricType

_TYPE_WORDS = {
    MetricType.COUNTER: "counter",
    MetricType.GAUGE: "gauge",
    MetricType.HISTOGRAM: "histogram",
    MetricType.GAUGE_HISTOGRAM: "histogram",
    MetricType.SUMMARY: "summary",
    MetricType.INFO: "gauge",
    MetricType.STATE_SET: "gauge",
    MetricType.UNKNOWN: "untyped",
}
_STRAY_SUFFIXES = ("_created", "_gsum", "_gcount")
_CACHE_SIZE = 16_384
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})

_heads: dict[tuple[str, str], tuple[MetricType, str]] = {}


def write_text(families: Iterable[MetricFamily]) -> bytes:
    """Return the page of ``families``: families of one name stand together, under the first one's help and type.

    Samples that only OpenMetrics counts to a family (``_created``, ``_gsum``, ``_gcount``) become gauges beside it.
    """
    parts: list[str] = []
    strays: list[MetricFamily] = []
    for group in group_by_name(families):
        parts.append(_head(group[0]))
        for family in group:
            _write_samples(family, parts, strays)
    for group in group_by_name(strays):
        parts.append(_head(group[0]))
        for family in group:
            _write_samples(family, parts, strays)
    return "".join(parts).encode()


def _write_samples(family: MetricFamily, parts: list[str], strays: list[MetricFamily]) -> None:
    own_name = family.name
    for sample in family.samples:
        name, labels, value, timestamp = sample
        if name != own_name and name.endswith(_STRAY_SUFFIXES):
            strays.append(MetricFamily(name, MetricType.GAUGE, samples=[sample]))
            continue
        parts += (series_prefix(name, labels), format_value(value))
        parts.append("\n" if timestamp is None else f" {timestamp}\n")


def group_by_name(families: Iterable[MetricFamily]) -> Iterable[list[MetricFamily]]:
    """Return the families that share a name, together, in the order in which the names come first."""
    groups: dict[str, list[MetricFamily]] = {}
    for family in families:
        groups.setdefault(family.name, []).append(family)
    return groups.values()


def _head(family: MetricFamily) -> str:
    # The key leaves the type out, because enumerations hash slowly.
    key = (family.name, family.help)
    kind, head = _heads.get(key, (None, ""))
    if kind is not family.type:
        if len(_heads) >= _CACHE_SIZE:
            _heads.clear()
        head = _format_head(family)
        _heads[key] = (family.type, head)
    return head


def _format_head(family: MetricFamily) -> str:
    name = family.name if is_legacy_metric_name(family.name) else quote(family.name)
    kind = f"# TYPE {name} {_TYPE_WORDS[family.type]}\n"
    return f"# HELP {name} {family.help.translate(_HELP_ESCAPES)}\n{kind}" if family.help else kind
