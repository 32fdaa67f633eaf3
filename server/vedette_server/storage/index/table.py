"""Label sets under numbers, kept column by column: one for the targets, one for the signatures.

One thread appends; any thread reads what was there when it looked. A set's number never changes and is not used again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.arrays import GrowingArray
from vedette_shared.labels import Labels, flatten

_encode = msgspec.msgpack.Encoder().encode
_DIGEST_BYTES = 16


def pair_hash(name: str, value: str) -> int:
    """64 bits for one label; those of a label set are their sum, so that a set's parts can be hashed apart."""
    return int.from_bytes(hashlib.blake2b(f"{name}\0{value}".encode(), digest_size=8).digest(), "little")


class LabelColumn:
    """The values of one label: which sets have it, by number, and the code of each one's value. Code 0 is ``""``.

    Attributes:
        values: The distinct values by code.
        hashes: Their ``pair_hash`` by code.
        position: The column's place among those of its table.
        answers: Which codes satisfy a matcher, remembered by matcher.
    """

    __slots__ = ("_codes", "_dense", "_entries", "_number", "answers", "hashes", "name", "position", "values")

    def __init__(self, name: str, position: int) -> None:
        self.name = name
        self.position = position
        self.values: list[str] = [""]
        self.hashes: list[int] = [0]
        self.answers: dict[Hashable, NDArray[np.bool_]] = {}
        self._number: dict[str, int] = {"": 0}
        self._entries = GrowingArray(np.int32)
        self._codes = GrowingArray(np.int32)
        self._dense: tuple[int, NDArray[np.int32]] = (-1, np.zeros(0, np.int32))

    def add(self, entry: int, value: str) -> int:
        """Give ``entry``, the highest so far, this value, and return its code."""
        code = self._number.get(value)
        if code is None:
            code = len(self.values)
            self.hashes.append(pair_hash(self.name, value))
            self.values.append(value)
            self._number[value] = code
        self._codes.append(code)
        self._entries.append(entry)
        return code

    def code(self, value: str) -> int:
        """The code of a value, -1 if no set has it."""
        return self._number.get(value, -1)

    def pairs(self, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return (entries, codes) of the sets below ``count`` that have the label."""
        entries = self._entries.view()
        size = len(entries)
        if size and entries[-1] >= count:
            size = int(np.searchsorted(entries, count))
        return entries[:size], self._codes.view()[:size]

    def dense(self, count: int) -> NDArray[np.int32]:
        """The code of each of the sets below ``count``, shape (count,). Not to be written to."""
        known, codes = self._dense
        if known != count:
            codes = np.zeros(count, np.int32)
            entries, values = self.pairs(count)
            codes[entries] = values
            self._dense = (count, codes)
        return codes


class LabelTable:
    """Label sets, numbered from 0 in the order of their coming."""

    __slots__ = ("_columns", "_names", "_numbers", "_offsets", "_pair_codes", "_pair_names", "_sums")

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._columns: dict[str, LabelColumn] = {}
        self._names: list[LabelColumn] = []
        self._offsets = GrowingArray(np.int64)
        self._offsets.append(0)
        self._pair_names = GrowingArray(np.int32)
        self._pair_codes = GrowingArray(np.int32)
        self._sums = GrowingArray(np.uint64)

    def __len__(self) -> int:
        return len(self._sums)

    def find(self, labels: Labels) -> int:
        """The number of a label set, -1 if it is not known."""
        return self._numbers.get(_key(labels), -1)

    def intern(self, labels: Labels) -> int:
        """The number of a label set, a new one if need be."""
        key = _key(labels)
        number = self._numbers.get(key, -1)
        if number < 0:
            number = self._add(labels)
            self._numbers[key] = number
        return number

    def labels(self, number: int) -> Labels:
        """The label set of this number."""
        offsets = self._offsets.view()
        stretch = slice(int(offsets[number]), int(offsets[number + 1]))
        names, codes = self._pair_names.view()[stretch], self._pair_codes.view()[stretch]
        columns = [self._names[name] for name in names]
        return tuple((column.name, column.values[code]) for column, code in zip(columns, codes, strict=True))

    def names_of(self, number: int) -> list[str]:
        """The names of the labels of the set of this number."""
        offsets = self._offsets.view()
        return [self._names[name].name for name in self._pair_names.view()[offsets[number] : offsets[number + 1]]]

    def column(self, name: str) -> LabelColumn | None:
        """The column of a label, if any set has it."""
        return self._columns.get(name)

    def columns(self) -> Sequence[LabelColumn]:
        """All columns, as they are now."""
        return list(self._names)

    def sums(self) -> NDArray[np.uint64]:
        """The sum of ``pair_hash`` over each set's labels, modulo 2**64, shape (number of sets,)."""
        return self._sums.view()

    def _add(self, labels: Labels) -> int:
        number = len(self._sums)
        total = 0
        for name, value in labels:
            column = self._columns.get(name)
            if column is None:
                column = LabelColumn(name, len(self._names))
                self._names.append(column)
                self._columns[name] = column
            code = column.add(number, value)
            total += column.hashes[code]
            self._pair_codes.append(code)
            self._pair_names.append(column.position)
        self._offsets.append(len(self._pair_names))
        self._sums.append(np.uint64(total % 2**64))
        return number


def _key(labels: Labels) -> bytes:
    return hashlib.blake2b(_encode(flatten(labels)), digest_size=_DIGEST_BYTES).digest()
