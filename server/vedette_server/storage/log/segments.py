"""The log's files: appending with one fsync for many records, and reading them again."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from vedette_server.storage.errors import StorageError, StorageFullError
from vedette_server.storage.files import sync_folder
from vedette_server.storage.log import framing

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LogWriter:
    """Appends to the newest segment. Its methods block; one thread at a time."""

    def __init__(self, folder: Path, number: int) -> None:
        """Start segment ``number``, which must not exist yet."""
        self._folder = folder
        self.number = number
        self.size = 0
        self._descriptor = -1
        self._open(number)

    def append(self, records: Sequence[bytes]) -> None:
        """Write records, framed already, and make them durable.

        Raises:
            StorageFullError: there is no room; the segment is as it was.
            StorageError: the disk failed; the segment is as it was, or a new one is begun.
        """
        data = b"".join(records)
        try:
            self._write(data)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._undo()
            raise _told(error, self.path) from error
        self.size += len(data)

    def rotate(self) -> None:
        """Begin the next segment.

        Raises:
            StorageError: it cannot be made; the log goes on in the old one.
        """
        old = self._descriptor
        try:
            self._open(self.number + 1)
        except OSError as error:
            raise _told(error, segment_path(self._folder, self.number + 1)) from error
        os.close(old)

    def close(self) -> None:
        """Close the segment."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def path(self) -> Path:
        """The newest segment."""
        return segment_path(self._folder, self.number)

    def _open(self, number: int) -> None:
        path = segment_path(self._folder, number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        head = framing.segment_head(number)
        try:
            if os.write(descriptor, head) != len(head):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
            sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        self._descriptor, self.number, self.size = descriptor, number, len(head)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _undo(self) -> None:
        """Cut off what a failed append may have left, so that what follows it can be read."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self.size)
            os.fdatasync(self._descriptor)


def segment_path(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / f"{number:08d}.log"


def segment_numbers(folder: Path) -> list[int]:
    """The segments that are there, oldest first."""
    return sorted(int(path.stem) for path in folder.glob("*.log") if path.stem.isdigit())


def log_size(folder: Path) -> int:
    """Bytes of all segments."""
    size = 0
    for number in segment_numbers(folder):
        with contextlib.suppress(FileNotFoundError):
            size += segment_path(folder, number).stat().st_size
    return size


def read_segment(path: Path, number: int) -> Iterator[memoryview | framing.Damage]:
    """Yield the payloads of a segment's file and its damaged stretches, without holding the file in memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if not size:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
            for part in framing.scan(view, number):
                if isinstance(part, framing.Damage):
                    yield part
                    continue
                _, payload = part
                with payload:
                    yield payload


def _told(error: OSError, path: Path) -> StorageError:
    if error.errno in _NO_ROOM:
        return StorageFullError(
            f"no room to write {path}: {error.strerror}; free space on its disk or lower the retention"
        )
    return StorageError(f"cannot write {path}: {error.strerror or error}")
