"""All files of a store as they are at one moment, held open while a server may go on writing.

A server never changes a block and never takes back what it appended, but files come and go. So the order matters:

1.  The log. What was acknowledged by now is in one of its segments, or in a block already.
2.  The deletions. One that is missing later has been carried out in all blocks that are left.
3.  The checkpoint. A segment that was gone in step 1 is told by it.
4.  The blocks. Each segment that went since step 1, or that the checkpoint makes superfluous, is in them.

If the log, the deletions or the checkpoint are others after that, all is done again, so that nothing is even half in;
the order alone makes sure that nothing is lost. It takes milliseconds: nothing is read, and open files outlast their
removal.
"""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vedette_server.main.storage_command.errors import StorageCommandError
from vedette_server.storage.block.meta import SUFFIX
from vedette_server.storage.catalog import NAME as CATALOG
from vedette_server.storage.checkpoint import NAME as CHECKPOINT
from vedette_server.storage.deletions import NAME as DELETIONS
from vedette_server.storage.log.segments import segment_numbers, segment_path

_ROUNDS = 100
_SETTLING_ROUNDS = 20
_SPARE_FILES = 256


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file of a snapshot.

    Attributes:
        name: Its path in the store.
        descriptor: Open for reading.
        size: As it was; the log's newest segment and the catalog grow.
        inode: With the size it tells whether the file is still the same.
    """

    name: str
    descriptor: int
    size: int
    inode: int

    @property
    def is_appended_to(self) -> bool:
        """Whether it may grow after the moment of the snapshot."""
        return self.name.startswith("log/") or self.name == CATALOG


class Snapshot:
    """The files of a store at one moment; close it."""

    def __init__(self, folder: Path) -> None:
        """Open all files of the store in ``folder``.

        Raises:
            StorageCommandError: they cannot be read.
        """
        self.folder = folder
        self.files: list[OpenFile] = []
        _allow_files(len(list((folder / "blocks").glob(f"*{SUFFIX}"))))
        try:
            for number in range(_ROUNDS):
                with contextlib.suppress(FileNotFoundError):
                    if self._take() or number >= _SETTLING_ROUNDS:
                        return
                self.close()
        except OSError as error:
            self.close()
            raise StorageCommandError(
                f"{error.filename or folder} cannot be read: {error.strerror}; run this as the server's user"
            ) from error
        raise StorageCommandError(f"the files of {folder} change too fast to be read; try again")

    def close(self) -> None:
        """Close the files."""
        for file in self.files:
            os.close(file.descriptor)
        self.files = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    @contextlib.contextmanager
    def mounted(self) -> Iterator[Path]:
        """Give a folder that looks as the store did, for what reads by path; its files are links to the open ones."""
        with tempfile.TemporaryDirectory(prefix="vedette-") as name:
            root = Path(name)
            for part in ("log", "blocks"):
                (root / part).mkdir()
            for file in self.files:
                (root / file.name).symlink_to(f"/proc/self/fd/{file.descriptor}")
            yield root

    def _take(self) -> bool:
        """Open everything in the right order; tell whether it held still meanwhile."""
        names = self._log_names()
        for name in names:
            self._open(name)
        state = [self._open(name, optional=True) for name in (DELETIONS, CHECKPOINT)]
        blocks = self._block_names()
        for name in blocks:
            self._open(name)
        self._open(CATALOG, optional=True)
        self._open("version", optional=True)
        still = [_identity(self.folder / name) for name in (DELETIONS, CHECKPOINT)]
        return (blocks, names, state) == (self._list_blocks(), self._log_names(), still)

    def _log_names(self) -> list[str]:
        log = self.folder / "log"
        return [str(segment_path(log, number).relative_to(self.folder)) for number in segment_numbers(log)]

    def _block_names(self) -> list[str]:
        """Two listings that agree: a single one may miss both a block that goes and the one that takes its place."""
        known = None
        while known is None or known != (found := self._list_blocks()):
            known = found if known is not None else self._list_blocks()
        return known

    def _list_blocks(self) -> list[str]:
        return sorted(f"blocks/{path.name}" for path in (self.folder / "blocks").glob(f"*{SUFFIX}"))

    def _open(self, name: str, *, optional: bool = False) -> tuple[int, int] | None:
        try:
            descriptor = os.open(self.folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            if optional:
                return None
            raise
        status = os.fstat(descriptor)
        self.files.append(OpenFile(name, descriptor, status.st_size, status.st_ino))
        return status.st_ino, status.st_size


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size


def _allow_files(blocks: int) -> None:
    """Raise this process' bound of open files, if the blocks need it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * blocks + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
