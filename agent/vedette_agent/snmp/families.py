"""What a device has answered as metric families, under the names and labels that snmp_exporter gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from vedette_agent.snmp.ber import decode_arcs
from vedette_agent.snmp.declarations import MAX_EXPONENT, Extract, Lookup, Metric, Module, Table
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.indexes import RowIndex, read_index, shown
from vedette_agent.snmp.message import Binding, Value
from vedette_shared.labels import EMPTY, Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType

EXACT = 2**53
"""Larger counters lose digits as doubles, so they start again here, as in snmp_exporter; a rate stays right."""

_NEAR = 1e-12

_HINTS = {
    "enum_info": " (EnumAsInfo)",
    "enum_states": " (EnumAsStateSet)",
    "extract": " (regex extracted)",
}
"""What snmp_exporter puts behind the help of such metrics."""

Columns = Mapping[bytes, Sequence[Binding]]
"""By column, the bindings below it."""


def scalar_oids(module: Module) -> list[bytes]:
    """The variables of ``[[get]]``: the object's only instance is .0."""
    return [metric.oid.encoded + b"\0" for metric in module.get]


def scalar_families(module: Module, bindings: Iterable[Binding]) -> Iterator[MetricFamily]:
    """Yield the metrics of ``[[get]]`` that the device has."""
    found = {binding.oid: binding for binding in bindings}
    for metric in module.get:
        binding = found.get(metric.oid.encoded + b"\0")
        if binding is not None:
            yield from _families(metric, [(EMPTY, binding.value, 1.0)])


def table_families(table: Table, columns: Columns) -> Iterator[MetricFamily]:
    """Yield the metrics of one table. Rows whose index does not fit the declaration are left out."""
    rows = _Rows(table, columns)
    for metric in table.metrics:
        factors = [
            {
                b.oid[len(power.oid.encoded) :]: _factor(b.value, power.times, power.values)
                for b in columns[power.oid.encoded]
            }
            for power in metric.power
        ]
        start = len(metric.oid.encoded)
        found: list[tuple[Labels, Value, float]] = []
        for binding in columns[metric.oid.encoded]:
            raw = binding.oid[start:]
            labels = rows.labels(raw)
            if labels is None:
                continue
            factor = 1.0
            for column in factors:
                factor *= column.get(raw, 1.0)
            found.append((labels, binding.value, factor))
        yield from _families(metric, found)


class _Rows:
    """The labels of a table's rows, made once for each."""

    def __init__(self, table: Table, columns: Columns) -> None:
        self._table = table
        self._lookups = [
            (lookup, {b.oid[len(lookup.oid.encoded) :]: b.value for b in columns[lookup.oid.encoded]})
            for lookup in table.lookups
        ]
        self._made: dict[bytes, Labels | None] = {}
        self._taken: set[Labels] = set()

    def labels(self, raw: bytes) -> Labels | None:
        if raw not in self._made:
            self._made[raw] = self._make(raw)
        return self._made[raw]

    def _make(self, raw: bytes) -> Labels | None:
        try:
            index = read_index(self._table.index, decode_arcs(raw))
        except MalformedError:
            return None
        looked_up = {}
        for lookup, values in self._lookups:
            value = values.get(_place(lookup, index, raw))
            if value is not None:
                looked_up[lookup.label] = _looked_up(lookup, value)
        kept = {name: text for name, text in index.texts.items() if name not in self._table.drop}
        labels = make_labels({**kept, **looked_up})
        if labels in self._taken:
            # Names that people give are not always unique.
            labels = make_labels({**index.texts, **looked_up})
        self._taken.add(labels)
        return labels


def _place(lookup: Lookup, index: RowIndex, raw: bytes) -> bytes:
    return b"".join(index.raw[name] for name in lookup.by) if lookup.by else raw


def _looked_up(lookup: Lookup, value: Value) -> str:
    if lookup.enum and isinstance(value, int):
        return lookup.enum.get(str(value), str(value))
    return shown(value, lookup.type)


def _factor(value: Value, times: int, values: Mapping[str, int]) -> float:
    exponent = values.get(str(value), 0) if values else value if isinstance(value, int) else 0
    return float(10.0 ** (exponent * times)) if abs(exponent) <= MAX_EXPONENT else 1.0


def _families(metric: Metric, found: Sequence[tuple[Labels, Value, float]]) -> Iterator[MetricFamily]:
    """Yield what ``found``, labels, values and factors of one metric, makes."""
    if not found:
        return
    text = f"{metric.help} - {metric.oid}" if metric.help else str(metric.oid)
    text += _HINTS.get("extract" if metric.extract else metric.type, "")
    if metric.extract:
        yield from _extracted(metric, found, text)
        return
    name = metric.name + "_info" if metric.type == "enum_info" else metric.name
    family = MetricFamily(name, MetricType.COUNTER if metric.type == "counter" else MetricType.GAUGE, text)
    for labels, value, factor in found:
        if metric.type == "enum_states":
            _add_states(family, metric, labels, value)
        elif metric.type == "enum_info":
            family.add(1.0, make_labels({**dict(labels), metric.name: metric.enum.get(str(value), str(value))}))
        elif metric.type not in ("counter", "gauge"):
            family.add(1.0, make_labels({**dict(labels), metric.name: shown(value, metric.type)}))
        elif (number := _number(metric, value, factor)) is not None:
            family.add(number, labels)
    if family.samples:
        yield family


def _number(metric: Metric, value: Value, factor: float) -> float | None:
    if isinstance(value, bytes):
        # Many devices tell numbers as texts.
        try:
            value = float(value)
        except ValueError:
            return None
    if value is None:
        return None
    if metric.type == "counter" and isinstance(value, int):
        value %= EXACT
    return _scaled(value, factor * metric.scale) + metric.offset


def _scaled(value: float, factor: float) -> float:
    """Return the product; tenths and thousandths are divided by, as 0.1 is no double."""
    if factor == 1.0:
        return float(value)
    inverse = round(1.0 / factor) if 0.0 < factor < 1.0 else 0
    return value / inverse if inverse and abs(factor * inverse - 1.0) < _NEAR else value * factor


def _add_states(family: MetricFamily, metric: Metric, labels: Labels, value: Value) -> None:
    known = dict(labels)
    states = metric.enum if str(value) in metric.enum else {**metric.enum, str(value): str(value)}
    for number, state in states.items():
        family.add(1.0 if number == str(value) else 0.0, make_labels({**known, metric.name: state}))


def _extracted(metric: Metric, found: Sequence[tuple[Labels, Value, float]], text: str) -> Iterator[MetricFamily]:
    by_suffix: dict[str, list[Extract]] = {}
    for extract in metric.extract:
        by_suffix.setdefault(extract.suffix, []).append(extract)
    for suffix, extracts in by_suffix.items():
        family = MetricFamily(metric.name + suffix, MetricType.GAUGE, text)
        for labels, value, _ in found:
            number = _first_match(extracts, shown(value, "text"))
            if number is not None:
                family.add(_scaled(number, metric.scale) + metric.offset, labels)
        if family.samples:
            yield family


def _first_match(extracts: Sequence[Extract], text: str) -> float | None:
    """The number that the first expression which fits ``text`` makes of it."""
    for extract in extracts:
        match = extract.regex.compiled.fullmatch(text)
        if match is None:
            continue
        try:
            return float(match.expand(extract.value))
        except (ValueError, IndexError):
            continue
    return None
