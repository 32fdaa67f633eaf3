"""The data folder: its version, its lock, and the place for what was found damaged."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from vedette_server.storage.catalog import NAME as CATALOG
from vedette_server.storage.errors import DataFolderError
from vedette_server.storage.files import remove_leftovers, sync_folder, written_aside
from vedette_server.storage.log.framing import MAGIC, SEGMENT_HEAD, foreign_version
from vedette_shared.logs import get_logger

_logger = get_logger(__name__)

VERSION_TEXT = "vedette storage, format 1\n"


class DataFolder:
    """A data folder that this process alone may use.

    version             the format of everything beside it
    lock                held while a process uses the folder; names its pid
    checkpoint          senders and sources, see ``checkpoint``
    layouts.catalog     the layouts, see ``catalog``
    deletions           what was deleted and is not yet dropped, see ``deletions``
    log/                the newest samples, see ``log/FORMAT.md``
    blocks/             all others, see ``block/FORMAT.md``
    damaged/            files and stretches that were set aside
    """

    def __init__(self, path: Path) -> None:
        """Make the folder if need be, lock it and check its version.

        Raises:
            DataFolderError: it is in use, cannot be written to, or is of an unknown version.
        """
        self.path = path
        self.log = path / "log"
        self.blocks = path / "blocks"
        self.damaged = path / "damaged"
        self._descriptor = -1
        try:
            for folder in (path, self.log, self.blocks, self.damaged):
                folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._lock()
        except OSError as error:
            raise DataFolderError(
                f"the data folder {path} cannot be written to: {error.strerror or error}; make it writable for its user"
            ) from error
        try:
            self._check_version()
            self._check_segments()
            for folder in (path, self.blocks):
                remove_leftovers(folder)
        except BaseException:
            self.close()
            raise

    def set_aside(self, path: Path, reason: object) -> None:
        """Move a damaged file out of the way, and say so."""
        _logger.error("a damaged file is set aside", file=path, reason=reason, folder=self.damaged)
        goal = self.damaged / path.name
        with contextlib.suppress(FileNotFoundError):
            path.replace(goal)

    def keep_damaged(self, name: str, data: bytes) -> None:
        """Keep bytes that could not be read, for whoever wants to look at them."""
        with contextlib.suppress(OSError):
            (self.damaged / name).write_bytes(data)

    def close(self) -> None:
        """Unlock the folder."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self) -> None:
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise DataFolderError(
                f"the data folder {self.path} is in use by the process {holder}; stop it or choose another folder"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def _check_version(self) -> None:
        path = self.path / "version"
        try:
            text = path.read_text(errors="replace")
        except FileNotFoundError:
            if any(self.blocks.iterdir()) or any(self.log.iterdir()):
                _logger.error("the version file is missing and is written anew", file=path)
            with written_aside(path) as file:
                file.write(VERSION_TEXT.encode())
            sync_folder(self.path.parent)
            return
        if text != VERSION_TEXT:
            raise _unknown_format(f"the data folder {self.path}", text.strip()[:60], VERSION_TEXT.strip())

    def _check_segments(self) -> None:
        """See that the log and the catalog are not of another version, whose records would pass for damage."""
        for path in (self.path / CATALOG, *sorted(self.log.glob("*.log"))):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                found = foreign_version(file.read(SEGMENT_HEAD))
                if found is not None:
                    raise _unknown_format(str(path), found.decode("ascii", "replace"), MAGIC.decode())


def _unknown_format(what: str, found: str, expected: str) -> DataFolderError:
    return DataFolderError(
        f"{what} is of an unknown format ({found!r}, expected {expected!r}); use the Vedette that wrote it, or another "
        "folder"
    )
