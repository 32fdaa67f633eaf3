"""Label sets under numbers, kept column by column: one for the targets, one for the signatures.

One thread appends and forgets; any thread reads what was there when it looked, so arrays that belong together are
replaced together. A set's number never changes and is not used again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.arrays import GrowingArray, growing
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

    __slots__ = ("_dense", "_number", "_pairs", "answers", "hashes", "name", "position", "values")

    def __init__(self, name: str, position: int) -> None:
        self.name = name
        self.position = position
        self.values: list[str] = [""]
        self.hashes: list[int] = [0]
        self.answers: dict[Hashable, NDArray[np.bool_]] = {}
        self._number: dict[str, int] = {"": 0}
        self._pairs = GrowingArray(np.int32), GrowingArray(np.int32)
        self._dense: tuple[int, NDArray[np.int32]] = (-1, np.zeros(0, np.int32))

    def add(self, entry: int, value: str) -> int:
        """Give ``entry``, the highest so far, this value, and return its code."""
        code = self._number.get(value)
        if code is None:
            code = len(self.values)
            self.hashes.append(pair_hash(self.name, value))
            self.values.append(value)
            self._number[value] = code
        entries, codes = self._pairs
        codes.append(code)
        entries.append(entry)
        return code

    def forget(self, gone: NDArray[np.bool_]) -> None:
        """Forget the sets that ``gone`` marks, and the values that only they had; codes are not used again."""
        entries, codes = (pair.view() for pair in self._pairs)
        stays = ~gone[entries]
        if stays.all():
            return
        self._pairs = growing(entries[stays]), growing(codes[stays])
        self._dense = (-1, np.zeros(0, np.int32))
        for code in np.setdiff1d(codes[~stays], codes[stays]).tolist():
            del self._number[self.values[code]]
            self.values[code] = ""
            self.hashes[code] = 0

    def code(self, value: str) -> int:
        """The code of a value, -1 if no set has it."""
        return self._number.get(value, -1)

    def pairs(self, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return (entries, codes) of the sets below ``count`` that have the label."""
        of_entries, of_codes = self._pairs
        entries = of_entries.view()
        size = len(entries)
        if size and entries[-1] >= count:
            size = int(np.searchsorted(entries, count))
        return entries[:size], of_codes.view()[:size]

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

    __slots__ = ("_columns", "_forgotten", "_names", "_numbers", "_sets", "_sums")

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._columns: dict[str, LabelColumn] = {}
        self._names: list[LabelColumn] = []
        # Where each set's labels begin, and their columns and codes.
        self._sets = growing(np.zeros(1, np.int64)), GrowingArray(np.int32), GrowingArray(np.int32)
        self._sums = GrowingArray(np.uint64)
        self._forgotten = growing(np.zeros(0, np.bool_))

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
        offsets, names, codes = (part.view() for part in self._sets)
        stretch = slice(int(offsets[number]), int(offsets[number + 1]))
        names, codes = names[stretch], codes[stretch]
        columns = [self._names[name] for name in names]
        return tuple((column.name, column.values[code]) for column, code in zip(columns, codes, strict=True))

    def names_of(self, number: int) -> list[str]:
        """The names of the labels of the set of this number."""
        offsets, names = self._sets[0].view(), self._sets[1].view()
        return [self._names[name].name for name in names[offsets[number] : offsets[number + 1]]]

    def column(self, name: str) -> LabelColumn | None:
        """The column of a label, if any set has it."""
        return self._columns.get(name)

    def columns(self) -> Sequence[LabelColumn]:
        """All columns, as they are now."""
        return list(self._names)

    def sums(self) -> NDArray[np.uint64]:
        """The sum of ``pair_hash`` over each set's labels, modulo 2**64, shape (number of sets,)."""
        return self._sums.view()

    def alive(self) -> NDArray[np.bool_]:
        """Which sets are not forgotten, shape (number of sets,); to be written to."""
        alive = np.ones(len(self), np.bool_)
        forgotten = self._forgotten.view()
        alive[: len(forgotten)] = ~forgotten
        return alive

    @property
    def count(self) -> int:
        """How many sets are not forgotten."""
        return len(self) - int(self._forgotten.view().sum())

    def forget(self, numbers: NDArray[np.intp]) -> None:
        """Forget sets that nothing refers to any more; of each, 17 bytes are kept in the place of its number."""
        gone = np.zeros(len(self), np.bool_)
        gone[numbers] = True
        flags = gone.tobytes()
        self._numbers = {key: number for key, number in self._numbers.items() if not flags[number]}
        offsets, names, codes = (part.view() for part in self._sets)
        sizes = np.diff(offsets)
        stays = np.repeat(~gone, sizes)
        sizes[gone] = 0
        self._sets = growing(np.concatenate([[0], np.cumsum(sizes)])), growing(names[stays]), growing(codes[stays])
        for column in self._names:
            column.forget(gone)
        self._forgotten = growing(gone | ~self.alive())

    def _add(self, labels: Labels) -> int:
        number = len(self._sums)
        total = 0
        offsets, pair_names, pair_codes = self._sets
        for name, value in labels:
            column = self._columns.get(name)
            if column is None:
                column = LabelColumn(name, len(self._names))
                self._names.append(column)
                self._columns[name] = column
            code = column.add(number, value)
            total += column.hashes[code]
            pair_codes.append(code)
            pair_names.append(column.position)
        offsets.append(len(pair_names))
        self._sums.append(np.uint64(total % 2**64))
        return number


def _key(labels: Labels) -> bytes:
    return hashlib.blake2b(_encode(flatten(labels)), digest_size=_DIGEST_BYTES).digest()
