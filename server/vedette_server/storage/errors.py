"""What can go wrong in the store.

VedetteError
└── StorageError                 the store could not do what it was asked
    ├── StorageFullError         no room on the disk; nothing was taken, the sender may try again
    ├── DataFolderError          the data folder cannot be used: locked, read-only, of an unknown version
    ├── DamagedFileError         a file's bytes are not what was written: names the file, the place and what it holds
    └── TooManySamplesError      a query would load more samples than it may
"""

from __future__ import annotations

from pathlib import Path

from vedette_shared.errors import VedetteError


class StorageError(VedetteError):
    """The store could not do what it was asked; nothing was changed."""


class StorageFullError(StorageError):
    """There is no room for more; nothing was taken, and the sender may try again."""


class DataFolderError(StorageError):
    """The data folder cannot be used as it is."""


class DamagedFileError(StorageError):
    """Bytes of a file do not match their checksum or their format.

    Attributes:
        path: The file.
        offset: Where in the file, in bytes.
        what: What should stand there.
    """

    def __init__(self, path: Path, offset: int, what: str) -> None:
        super().__init__(f"{path} is damaged at byte {offset}: {what}")
        self.path = path
        self.offset = offset
        self.what = what


class TooManySamplesError(StorageError):
    """A query would load more samples than its limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the query would load more than {limit} samples; narrow its selectors or its range")
        self.limit = limit
