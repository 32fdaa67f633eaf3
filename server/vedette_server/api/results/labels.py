"""Label sets as JSON, each label encoded once for all series that bear it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.api.texts import encode_text
from vedette_server.storage.interface import LabelColumns


@dataclass(frozen=True, slots=True, eq=False)
class LabelPairs:
    """The labels of ``n`` series.

    Attributes:
        codes: int32 of shape (names, n), which label a series has under each name, names in order. Of few series, the
            labels of each may stand as one.
        text: uint8, the distinct labels as JSON (``"name":"value"``), one after the other.
        bounds: int64 of shape (labels + 1,), where each begins; an absent label is empty.
        lengths: int64 of shape (n,), the bytes of each series' labels, a comma after each.
    """

    codes: NDArray[np.int32]
    text: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    lengths: NDArray[np.int64]


FEW = 16
"""Up to so many label sets are encoded one by one."""


def label_pairs(labels: LabelColumns) -> LabelPairs:
    """Encode the labels of all series."""
    if len(labels) <= FEW:
        return _whole_sets(labels)
    names = labels.names()
    codes = np.zeros((len(names), len(labels)), np.int32)
    pairs: list[bytes] = []
    for row, name in enumerate(names):
        own, values = _used(*labels.column(name))
        codes[row] = own + np.int32(len(pairs))
        head = encode_text(name) + b":"
        pairs += [head + encode_text(value) if value else b"" for value in values]
    text, bounds, lengths = _end_to_end(pairs)
    return LabelPairs(codes, text, bounds, (lengths[codes] + 1).sum(axis=0, dtype=np.int64))


def _whole_sets(labels: LabelColumns) -> LabelPairs:
    """Each label set as if it were one label."""
    count = len(labels)
    text, bounds, lengths = _end_to_end([b",".join([_pair(*pair) for pair in labels.labels(i)]) for i in range(count)])
    return LabelPairs(np.arange(count, dtype=np.int32).reshape(1, -1), text, bounds, lengths + 1)


@functools.lru_cache(maxsize=4096)
def _pair(name: str, value: str) -> bytes:
    return encode_text(name) + b":" + encode_text(value)


def _end_to_end(pairs: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return (text, bounds, lengths)."""
    lengths = np.fromiter(map(len, pairs), np.int64, len(pairs))
    bounds = np.zeros(len(pairs) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return np.frombuffer(bytearray(b"".join(pairs)), np.uint8), bounds, lengths


def _used(codes: NDArray[np.int32], values: Sequence[str]) -> tuple[NDArray[np.int32], Sequence[str]]:
    """The column without what no series has, where that may be much: a store's column has all it ever saw."""
    if len(values) <= 2 * len(codes) + 16:
        return codes, values
    used, renumbered = np.unique(codes, return_inverse=True)
    return renumbered.astype(np.int32), [values[code] for code in used.tolist()]
