"""The parts that metrics of ``io.prometheus.client`` have in common: labels, quantiles, buckets
(https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto).
"""

from __future__ import annotations

from vedette_shared.errors import ExpositionError, LabelError
from vedette_shared.exposition.protobuf_wire import read_fields, unpack_double
from vedette_shared.labels import METRIC_NAME, Labels, make_labels

ANY = 0xFF
_LABEL_NAME, _LABEL_VALUE = 0x0A, 0x12
_BUCKET_COUNT, _BUCKET_BOUND, _BUCKET_COUNT_FLOAT = 0x08, 0x11, 0x21
_QUANTILE, _QUANTILE_VALUE = 0x09, 0x11
_LABEL_KINDS = bytes((ANY, 2, 2))
_QUANTILE_KINDS = bytes((ANY, 1, 1))
_BUCKET_KINDS = bytes((ANY, 0, 1, 2, 1))
_CACHE_SIZE = 65_536

_labels_of: dict[bytes, Labels] = {}
_extended: dict[tuple[Labels, str, str], Labels] = {}


def read_labels(fields: bytes, at: int) -> Labels:
    """The labels that fields of a metric say; they are the same from page to page. ``at`` is where they stand."""
    labels = _labels_of.get(fields)
    if labels is None:
        try:
            labels = make_labels(
                [_read_label(fields, begin, end) for _, begin, end in read_fields(fields, 0, len(fields))]
            )
        except LabelError as error:
            raise ExpositionError(str(error), byte=at) from error
        except ExpositionError as error:
            raise ExpositionError("a label is damaged or not valid UTF-8", byte=at + error.byte) from error
        if any(name == METRIC_NAME for name, _ in labels):
            raise ExpositionError(f"a label cannot be {METRIC_NAME}, which is the name of the metric", byte=at)
        if len(_labels_of) >= _CACHE_SIZE:
            _labels_of.clear()
        _labels_of[fields] = labels
    return labels


def _read_label(page: bytes, at: int, end: int) -> tuple[str, str]:
    name = value = ""
    for tag, begin, stop in read_fields(page, at, end):
        if tag == _LABEL_NAME:
            name = read_text(page, begin, stop)
        elif tag == _LABEL_VALUE:
            value = read_text(page, begin, stop)
        else:
            check_other(tag, _LABEL_KINDS, at)
    return name, value


def read_quantile(page: bytes, at: int, end: int) -> tuple[float, float]:
    """Return (quantile, value)."""
    quantile = value = 0.0
    for tag, where, _ in read_fields(page, at, end):
        if tag == _QUANTILE:
            (quantile,) = unpack_double(page, where)
        elif tag == _QUANTILE_VALUE:
            (value,) = unpack_double(page, where)
        else:
            check_other(tag, _QUANTILE_KINDS, at)
    return quantile, value


def read_bucket(page: bytes, at: int, end: int) -> tuple[float, float]:
    """Return (upper bound, how many are not above it)."""
    bound = count = count_float = 0.0
    for tag, where, _ in read_fields(page, at, end):
        if tag == _BUCKET_COUNT:
            count = float(where)
        elif tag == _BUCKET_BOUND:
            (bound,) = unpack_double(page, where)
        elif tag == _BUCKET_COUNT_FLOAT:
            (count_float,) = unpack_double(page, where)
        else:
            check_other(tag, _BUCKET_KINDS, at)
    return bound, count_float or count


def extend(labels: Labels, name: str, text: str, at: int) -> Labels:
    """The labels of a metric and the one that tells its samples apart."""
    key = (labels, name, text)
    extended = _extended.get(key)
    if extended is None:
        try:
            extended = make_labels([*labels, (name, text)])
        except LabelError as error:
            raise ExpositionError(str(error), byte=at) from error
        if len(_extended) >= _CACHE_SIZE:
            _extended.clear()
        _extended[key] = extended
    return extended


def read_text(page: bytes, at: int, end: int, base: int = 0) -> str:
    """The text ``page[at:end]``; ``base`` is where ``page`` begins in the whole page."""
    try:
        return page[at:end].decode()
    except UnicodeDecodeError as error:
        raise ExpositionError("not valid UTF-8", byte=base + at + error.start) from error


def check_other(tag: int, kinds: bytes, at: int) -> None:
    """Pass over a field that is not needed or not known yet, but not over one that is known of another wire type.

    Args:
        tag: Of the field.
        kinds: The wire types of the fields of its message by their numbers, from 0 on; ``ANY`` where it may vary.
        at: Where the message begins.

    Raises:
        ExpositionError: the wire type is another.
    """
    number = tag >> 3
    if number < len(kinds) and kinds[number] not in (tag & 7, ANY):
        raise ExpositionError(f"field {number} is of wire type {tag & 7}; this is no page of metrics", byte=at)
