"""What can go wrong in ``vedette storage``.

VedetteError
└── StorageCommandError    the command cannot be carried out: names the folder or the file, and what to do
    └── ImportFailedError  a file could be taken in only up to a line: says what is stored
"""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class StorageCommandError(VedetteError):
    """The command cannot be carried out as given."""


class ImportFailedError(StorageCommandError):
    """A file could not be taken in to its end."""
