"""Arrays that only grow, written by one thread and read by any without a lock."""

from __future__ import annotations

import contextlib
import mmap
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_MAP_NORESERVE = 0x4000
"""Linux: take pages when they are touched, promise nothing before (mmap(2))."""


class GrowingArray:
    """A one-dimensional array that is appended to. What a reader took hold of stays as it was."""

    __slots__ = ("_array", "_count")

    def __init__(self, dtype: DTypeLike, capacity: int = 16) -> None:
        self._array: NDArray[Any] = np.zeros(capacity, dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, value: Any) -> None:
        self._reserve(self._count + 1)
        self._array[self._count] = value
        self._count += 1

    def extend(self, values: NDArray[Any]) -> None:
        self._reserve(self._count + len(values))
        self._array[self._count : self._count + len(values)] = values
        self._count += len(values)

    def view(self) -> NDArray[Any]:
        """What was appended so far; does not move when more comes."""
        count = self._count
        return self._array[:count]

    def _reserve(self, count: int) -> None:
        if count > len(self._array):
            bigger = np.zeros(max(count, 2 * len(self._array)), self._array.dtype)
            bigger[: self._count] = self._array[: self._count]
            self._array = bigger


def growing(values: NDArray[Any]) -> GrowingArray:
    """A growing array that begins with ``values``."""
    array = GrowingArray(values.dtype, len(values) + 16)
    array.extend(values)
    return array


class NumberedArray:
    """An int32 for each number from 0 on, -1 where none was set."""

    __slots__ = ("_array",)

    def __init__(self) -> None:
        self._array = np.full(16, -1, np.int32)

    def view(self, count: int) -> NDArray[np.int32]:
        """Those of the first ``count`` numbers, to read and to write."""
        if count > len(self._array):
            bigger = np.full(max(count, 2 * len(self._array)), -1, np.int32)
            bigger[: len(self._array)] = self._array
            self._array = bigger
        return self._array[:count]


def reserved(count: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return ``count`` zeroes whose memory is taken page by page as they are written, and given back all at once."""
    return np.frombuffer(reserved_pages(max(1, count) * np.dtype(dtype).itemsize), dtype)


def reserved_pages(size: int, *, dense: bool = False) -> mmap.mmap:
    """Return zero bytes whose memory is taken page by page as they are written.

    With ``dense`` the pages may be huge ones, of which far fewer have to be taken.
    """
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE)
    if dense:
        with contextlib.suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def view_of(array: NDArray[Any]) -> memoryview[int]:
    """A view of an integer array whose items are Python's integers: quicker than the array, one item at a time."""
    buffer: Any = array
    return memoryview(buffer)
