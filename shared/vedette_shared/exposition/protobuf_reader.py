"""Reads pages of protobuf: messages of ``io.prometheus.client.MetricFamily``, each after its length as a varint
(https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto).

Series bear the names and labels that the text format has for them. A native histogram without classic buckets is one
of the single bucket ``+Inf``, as it is there. Exemplars and times of creation are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition.numbers import format_value
from vedette_shared.exposition.protobuf_parts import (
    ANY,
    check_other,
    extend,
    read_bucket,
    read_labels,
    read_quantile,
    read_text,
)
from vedette_shared.exposition.protobuf_wire import read_fields, read_span, signed, unpack_double
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

# Tags are numbers of fields and wire types together, as they stand on the wire.
_NAME, _HELP, _TYPE, _METRIC, _UNIT = 0x0A, 0x12, 0x18, 0x22, 0x2A
_LABEL, _TIMESTAMP = 0x0A, 0x30
_VALUE = 0x09
_COUNT, _SUM, _PARTS, _COUNT_FLOAT = 0x08, 0x11, 0x1A, 0x21
_NATIVE_FIELDS = range(9, 15)
# The wire type of each field by its number, from 0 on; repeated numbers may be packed or not.
_FAMILY_KINDS = bytes((ANY, 2, 2, 0, 2, 2))
_METRIC_KINDS = bytes((ANY, 2, 2, 2, 2, 2, 0, 2))
_VALUE_KINDS = bytes((ANY, 1))
_SUMMARY_KINDS = bytes((ANY, 0, 1, 2))
_HISTOGRAM_KINDS = bytes((ANY, 0, 1, 2, 1, 0, 1, 0, 1, 2, ANY, ANY, 2, ANY, ANY))
_DOUBLE_FIELD_BYTES = 9
_PLAIN_BYTES = _DOUBLE_FIELD_BYTES + 2
"""Of a metric behind its labels that has a double and nothing else."""

_INFINITE = "+Inf"
_CACHE_SIZE = 8192


class ProtobufPage(NamedTuple):
    """What a page says.

    Attributes:
        families: In the order of their first messages.
        native_only: How many native histograms have no classic buckets: what they say of buckets is left out.
    """

    families: list[MetricFamily]
    native_only: int


def parse_protobuf(page: bytes) -> ProtobufPage:
    """Return the families of a page.

    Raises:
        ExpositionError: the page is cut short, damaged, or of no metrics; names the byte.
    """
    reader = _PageReader()
    at = 0
    while at < len(page):
        begin, at = read_span(page, at, len(page))
        reader.take(page, begin, at)
    return ProtobufPage(list(reader.families.values()), reader.native_only)


class _Head(NamedTuple):
    """What a family says of itself; ``number`` is that of its type."""

    name: str
    help: str
    unit: str
    number: int


class _Metric(NamedTuple):
    """One metric: its labels, where the message of its value is, its time."""

    labels: Labels
    begin: int
    end: int
    timestamp_ms: int | None


_AddSamples: TypeAlias = "Callable[[_PageReader, bytes, MetricFamily, _Metric], None]"


class _PageReader:
    """Takes the messages of a page one after the other."""

    def __init__(self) -> None:
        self.families: dict[str, MetricFamily] = {}
        self.native_only = 0

    def take(self, page: bytes, at: int, end: int) -> None:
        """Take the message ``page[at:end]``.

        Raises:
            ExpositionError: it is no family of metrics.
        """
        metrics: list[tuple[int, int]] = []
        head: list[bytes] = []
        here = at
        for tag, value, stop in read_fields(page, at, end):
            if tag == _METRIC:
                metrics.append((value, stop))
            else:
                head.append(page[here:stop])
            here = stop
        said = _read_head(b"".join(head), at)
        family = self._family(said, at)
        _, value_tag, add_samples = _TYPES[said.number]
        for begin, stop in metrics:
            add_samples(self, page, family, _read_metric(page, begin, stop, value_tag, family))

    def _family(self, said: _Head, at: int) -> MetricFamily:
        family = self.families.get(said.name)
        kind = _TYPES[said.number][0]
        if family is None:
            family = self.families[said.name] = MetricFamily(said.name, kind, said.help, said.unit)
        elif family.type is not kind:
            raise ExpositionError(f"{said.name} is a {family.type.value}, and comes again as a {kind.value}", byte=at)
        return family

    def add_value(self, page: bytes, family: MetricFamily, metric: _Metric) -> None:
        """Add the sample of a counter, a gauge or an untyped metric."""
        at, end = metric.begin, metric.end
        if end - at == _DOUBLE_FIELD_BYTES and page[at] == _VALUE:
            (value,) = unpack_double(page, at + 1)
        else:
            value = 0.0
            for tag, where, _ in read_fields(page, at, end):
                if tag == _VALUE:
                    (value,) = unpack_double(page, where)
                else:
                    check_other(tag, _VALUE_KINDS, at)
        family.samples.append(Sample(family.name, metric.labels, value, metric.timestamp_ms))

    def add_summary(self, page: bytes, family: MetricFamily, metric: _Metric) -> None:
        """Add the samples of a summary: quantiles, sum, count."""
        count = total = 0.0
        quantiles: set[str] = set()
        for tag, where, stop in read_fields(page, metric.begin, metric.end):
            if tag == _PARTS:
                quantile, value = read_quantile(page, where, stop)
                text = format_value(quantile)
                if text in quantiles:
                    raise ExpositionError(f"{family.name} has the quantile {text} twice", byte=where)
                quantiles.add(text)
                labels = extend(metric.labels, "quantile", text, where)
                family.samples.append(Sample(family.name, labels, value, metric.timestamp_ms))
            elif tag == _COUNT:
                count = float(where)
            elif tag == _SUM:
                (total,) = unpack_double(page, where)
            else:
                check_other(tag, _SUMMARY_KINDS, metric.begin)
        _add_sum_and_count(family, metric, total, count)

    def add_histogram(self, page: bytes, family: MetricFamily, metric: _Metric) -> None:
        """Add the samples of a histogram: buckets, the last of which is ``+Inf``, sum, count."""
        count = count_float = total = 0.0
        has_native = False
        buckets: dict[str, float] = {}
        for tag, where, stop in read_fields(page, metric.begin, metric.end):
            if tag == _PARTS:
                bound, value = read_bucket(page, where, stop)
                text = format_value(bound)
                if text in buckets:
                    raise ExpositionError(f"{family.name} has two buckets up to {text}", byte=where)
                buckets[text] = value
            elif tag == _COUNT:
                count = float(where)
            elif tag == _SUM:
                (total,) = unpack_double(page, where)
            elif tag == _COUNT_FLOAT:
                (count_float,) = unpack_double(page, where)
            else:
                check_other(tag, _HISTOGRAM_KINDS, metric.begin)
                has_native = has_native or tag >> 3 in _NATIVE_FIELDS
        self.native_only += has_native and not buckets
        count = count_float or count
        buckets.setdefault(_INFINITE, count)
        for text, value in buckets.items():
            labels = extend(metric.labels, "le", text, metric.begin)
            family.samples.append(Sample(f"{family.name}_bucket", labels, value, metric.timestamp_ms))
        _add_sum_and_count(family, metric, total, count)


# By the numbers of the enumeration MetricType: the type, the tag of the field that has a metric's value, its reader.
_TYPES: tuple[tuple[MetricType, int, _AddSamples], ...] = (
    (MetricType.COUNTER, 0x1A, _PageReader.add_value),
    (MetricType.GAUGE, 0x12, _PageReader.add_value),
    (MetricType.SUMMARY, 0x22, _PageReader.add_summary),
    (MetricType.UNKNOWN, 0x2A, _PageReader.add_value),
    (MetricType.HISTOGRAM, 0x3A, _PageReader.add_histogram),
    (MetricType.GAUGE_HISTOGRAM, 0x3A, _PageReader.add_histogram),
)


# Exporters say the same of their families on every page.
_heads: dict[bytes, _Head] = {}


def _read_head(fields: bytes, at: int) -> _Head:
    """What the fields of a family but its metrics say; ``at`` is where it stands."""
    head = _heads.get(fields)
    if head is not None:
        return head
    texts = {_NAME: "", _HELP: "", _UNIT: ""}
    number = 0
    for tag, value, stop in read_fields(fields, 0, len(fields)):
        if tag in texts:
            texts[tag] = read_text(fields, value, stop, at)
        elif tag == _TYPE:
            number = value
        else:
            check_other(tag, _FAMILY_KINDS, at)
    if not texts[_NAME]:
        raise ExpositionError("a family has no name", byte=at)
    if number >= len(_TYPES):
        raise ExpositionError(f"{texts[_NAME]} is of type {number}, which is not known", byte=at)
    if len(_heads) >= _CACHE_SIZE:
        _heads.clear()
    head = _heads[fields] = _Head(texts[_NAME], texts[_HELP], texts[_UNIT], number)
    return head


def _read_metric(page: bytes, at: int, end: int, value_tag: int, family: MetricFamily) -> _Metric:
    begin = at
    while at < end and page[at] == _LABEL:
        _, at = read_span(page, at + 1, end)
    label_fields = [page[begin:at]]
    if end - at == _PLAIN_BYTES and page[at] == value_tag and page[at + 1] == _DOUBLE_FIELD_BYTES:
        return _Metric(read_labels(label_fields[0], begin), at + 2, end, None)
    value_at = value_end = -1
    timestamp = 0
    for tag, value, stop in read_fields(page, at, end):
        if tag == value_tag:
            value_at, value_end = value, stop
        elif tag == _TIMESTAMP:
            timestamp = signed(value)
        elif tag == _LABEL:
            label_fields.append(page[at:stop])
        else:
            check_other(tag, _METRIC_KINDS, begin)
        at = stop
    if value_at < 0:
        raise ExpositionError(f"a metric of {family.name} has no value as a {family.type.value} has it", byte=begin)
    # 0 stands for no timestamp, as for Prometheus: encoders of proto3 do not tell the two apart.
    return _Metric(read_labels(b"".join(label_fields), begin), value_at, value_end, timestamp or None)


def _add_sum_and_count(family: MetricFamily, metric: _Metric, total: float, count: float) -> None:
    labels, time = metric.labels, metric.timestamp_ms
    family.samples += (
        Sample(f"{family.name}_sum", labels, total, time),
        Sample(f"{family.name}_count", labels, count, time),
    )
