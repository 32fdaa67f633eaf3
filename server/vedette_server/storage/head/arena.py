"""The memory of a head's values: rows that were copied in one after the other, and files that lie between them.

A segment of the log that is replayed is not copied: its file becomes a part of the arena's memory, and the rows are
where they stand in it. They are read when they are asked for, and the kernel can take that memory back.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vedette_server.storage.arrays import reserved_pages
from vedette_shared.frames import VALUE_BYTES

MAX_BYTES = 2**32 - mmap.PAGESIZE
"""Places are uint32."""

_MAP_FIXED = 0x10
"""Linux: put the file there, whatever is there now (mmap(2))."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64,
)  # fmt: skip
_FAILED = ctypes.c_void_p(-1).value


class Arena:
    """Bytes that only grow. Written by one thread, read by any without a lock.

    Attributes:
        capacity: Bytes that fit in.
        used: Bytes that are taken.
        filed: Those of them that are files.
        bytes: All of it.
        words: uint64 (capacity,), the one that begins at each byte: rows of a file lie as they come.
        doubles: float64, the same.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = min(capacity, MAX_BYTES)
        self.used = 0
        self.filed = 0
        self._pages = reserved_pages(self.capacity + VALUE_BYTES, dense=True)
        self.bytes = memoryview(self._pages)
        self.words = self._at_each_byte(np.uint64)
        self.doubles = self._at_each_byte(np.float64)
        self._address = np.frombuffer(self._pages, np.uint8).ctypes.data
        self._files: dict[int, int] = {}

    def put(self, values: bytes | memoryview) -> int:
        """Copy values in; returns where they are."""
        at = self.used
        end = at + len(values)
        self.bytes[at:end] = values
        self.used = end
        return at

    def load(self, file: BinaryIO) -> tuple[int, memoryview]:
        """Let the bytes that a file has now be a part of this memory. It must not get shorter.

        Returns:
            Where they begin, and themselves, read-only.

        Raises:
            OSError: the file cannot be read.
        """
        size = os.fstat(file.fileno()).st_size
        begin = _whole_pages(self.used)
        end = _whole_pages(begin + size)
        if end > self.capacity:
            raise OSError(errno.ENOMEM, "a segment of the log is larger than a head can be", str(file.name))
        if size:
            self._map(file, begin, size)
            self.filed += end - begin
            self._files[begin] = end
        self.used = end
        return begin, self.bytes[begin : begin + size].toreadonly()

    def release(self, begin: int) -> None:
        """Take no memory for the file that was loaded at ``begin``, until it is read again."""
        if begin in self._files:
            self._pages.madvise(mmap.MADV_DONTNEED, begin, self._files[begin] - begin)

    def is_file(self, at: int) -> bool:
        """Whether what is there is a file's, and cannot be changed."""
        return any(begin <= at < end for begin, end in self._files.items())

    def _map(self, file: BinaryIO, begin: int, size: int) -> None:
        place = _libc.mmap(
            self._address + begin, size, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_POPULATE | _MAP_FIXED,
            file.fileno(), 0,
        )  # fmt: skip
        if place == _FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), str(file.name))

    def _at_each_byte(self, dtype: DTypeLike) -> NDArray[Any]:
        return np.ndarray((self.capacity,), dtype, self._pages, strides=(1,))


def _whole_pages(size: int) -> int:
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
