"""Aggregations that pick some series of each group: ``topk``, ``bottomk``, ``limitk``, ``limit_ratio``."""

from __future__ import annotations

import functools
import hashlib

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql.aggregation import kernels
from vedette_server.promql.aggregation.grouping import group
from vedette_server.promql.columns import Rows
from vedette_server.promql.context import Notes
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.nodes import Aggregate
from vedette_server.promql.numbers import format_general
from vedette_server.promql.values import Floats, Times, Vector
from vedette_server.storage.interface import LabelColumns

_INT64 = float(1 << 63)
_SPLITMIX64 = ((30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB))
"""The shifts and factors that finish the generator of that name: they spread the sum of the hashes over all bits."""


def choose(notes: Notes, node: Aggregate, vector: Vector, parameter: Floats) -> Vector:
    """Evaluate the aggregation; ``parameter`` has a value for each step.

    Raises:
        ExecutionError: the parameter is NaN or beyond 64 bits.
    """
    if node.op == "limit_ratio":
        ratio = _ratio(notes, node, parameter)
        offsets = label_offsets(vector.labels)[:, np.newaxis]
        kept = np.where(ratio >= 0, offsets < ratio, offsets >= 1 + ratio) & vector.present
        return _narrow(vector, Vector(vector.labels, vector.values, kept, vector.drop_name))
    k = _count(parameter)
    groups, first, _ = group(node, vector.labels)
    if node.op == "limitk":
        kept = kernels.keep_first(vector.present, groups, len(first), k)
    else:
        kept = kernels.keep_extremes(vector.values, vector.present, groups, len(first), k, node.op == "topk")
    chosen = Vector(vector.labels, vector.values, kept, vector.drop_name)
    if node.op == "limitk" or vector.values.shape[1] != 1:
        return _narrow(vector, chosen)
    return _ordered(chosen, groups, descending=node.op == "topk")


def _count(parameter: Floats) -> Times:
    """How many series a group may keep at each step."""
    if not np.nanmax(parameter, initial=-np.inf) < 1 or np.isnan(parameter).all():
        if np.isnan(parameter).any():
            raise ExecutionError("Parameter value is NaN")
        if parameter.min() <= -_INT64:
            raise ExecutionError(f"Scalar value {format_general(float(parameter.min()))} underflows int64")
        if parameter.max() >= _INT64:
            raise ExecutionError(f"Scalar value {format_general(float(parameter.max()))} overflows int64")
    return np.where(np.isnan(parameter), 0, np.clip(parameter, 0, 2**62)).astype(np.int64)


def _ratio(notes: Notes, node: Aggregate, parameter: Floats) -> Floats:
    assert node.param is not None
    if np.isnan(parameter).any():
        raise ExecutionError("Ratio value is NaN")
    for value, bound in ((float(parameter.max()), 1), (float(parameter.min()), -1)):
        if value * bound > 1:
            message = f"ratio value should be between -1 and 1, got {format_general(value)}, capping to {bound}"
            notes.warn(message, node.param.span)
    return np.clip(parameter, -1, 1)


def label_offsets(labels: LabelColumns) -> Floats:
    """A number in [0, 1) for each series that depends on nothing but its labels."""
    total = np.zeros(len(labels), np.uint64)
    for name in labels.names():
        codes, values = labels.column(name)
        hashes = np.array([_hash(name, value) if value else 0 for value in values], np.uint64)
        total += hashes[codes]
    for shift, factor in _SPLITMIX64:
        total = (total ^ (total >> np.uint64(shift))) * np.uint64(factor)
    total ^= total >> np.uint64(31)
    return (total >> np.uint64(11)).astype(np.float64) / float(1 << 53)


@functools.lru_cache(maxsize=65_536)
def _hash(name: str, value: str) -> int:
    text = f"{name}\xff{value}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _ordered(chosen: Vector, groups: NDArray[np.int64], *, descending: bool) -> Vector:
    """The chosen series of a single step, group by group, the first of them first and NaN last."""
    rows = np.flatnonzero(chosen.present[:, 0])
    values = chosen.values[rows, 0]
    unknown = np.isnan(values)
    keys = np.where(unknown, 0.0, -values if descending else values)
    return _take(chosen, rows[np.lexsort((keys, unknown, groups[rows]))], ordered=True)


def _narrow(source: Vector, chosen: Vector) -> Vector:
    """Leave out the series that were never chosen."""
    rows = np.flatnonzero(chosen.present.any(axis=1))
    return chosen if len(rows) == len(source) else _take(chosen, rows, ordered=False)


def _take(vector: Vector, rows: Rows, *, ordered: bool) -> Vector:
    return Vector(vector.labels.take(rows), vector.values[rows], vector.present[rows], vector.drop_name[rows], ordered)
