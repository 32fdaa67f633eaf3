"""Writes pages of protobuf, for tests: what the reader should make of them again."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import groupby

from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

TYPES = (
    MetricType.COUNTER,
    MetricType.GAUGE,
    MetricType.SUMMARY,
    MetricType.UNKNOWN,
    MetricType.HISTOGRAM,
    MetricType.GAUGE_HISTOGRAM,
)
_VALUE_FIELDS = (3, 2, 4, 5, 7, 7)
_TELLS_APART = {"le", "quantile"}


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def double(field: int, value: float) -> bytes:
    return varint(field << 3 | 1) + struct.pack("<d", value)


def nested(field: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def delimited(*messages: bytes) -> bytes:
    return b"".join(varint(len(message)) + message for message in messages)


def label(name: str, value: str) -> bytes:
    return nested(1, nested(1, name) + nested(2, value))


def family(name: str, kind: MetricType, *metrics: bytes, text: str = "", unit: str = "") -> bytes:
    head = nested(1, name) + (nested(2, text) if text else b"") + number(3, TYPES.index(kind))
    return head + b"".join(nested(4, metric) for metric in metrics) + (nested(5, unit) if unit else b"")


def encode_page(families: Iterable[MetricFamily]) -> bytes:
    """The page of families whose samples of one metric stand together, buckets and quantiles before sum and count."""
    return delimited(
        *(family(one.name, one.type, *_metrics(one), text=one.help, unit=one.unit) for one in families),
    )


def _metrics(one: MetricFamily) -> Iterator[bytes]:
    for (labels, timestamp), samples in groupby(one.samples, lambda sample: (_own(sample.labels), sample.timestamp_ms)):
        content = b"".join(label(*pair) for pair in labels)
        content += nested(_VALUE_FIELDS[TYPES.index(one.type)], b"".join(_value(one, sample) for sample in samples))
        yield content + (b"" if timestamp is None else number(6, timestamp))


def _own(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] not in _TELLS_APART)


def _value(one: MetricFamily, sample: Sample) -> bytes:
    if one.type in (MetricType.COUNTER, MetricType.GAUGE, MetricType.UNKNOWN):
        return double(1, sample.value)
    if sample.name.endswith("_sum"):
        return double(2, sample.value)
    if sample.name.endswith("_count"):
        return number(1, int(sample.value))
    labels = dict(sample.labels)
    if one.type is MetricType.SUMMARY:
        return nested(3, double(1, float(labels["quantile"])) + double(2, sample.value))
    return nested(3, number(1, int(sample.value)) + double(2, float(labels["le"])))
