"""Where the store is: below a server's data folder, or the folder itself, as a backup is."""

from __future__ import annotations

import os
from pathlib import Path

from vedette_server.main.storage_command.errors import StorageCommandError
from vedette_server.state import FILE_NAME as STATE
from vedette_server.storage.folder import VERSION_TEXT

DEFAULT_DATA = Path("/var/lib/vedette/server")
STORE = "storage"
"""The store's place in a server's data folder."""

LOCK = "lock"


def find_store(data: Path) -> Path:
    """Return the folder of the store in ``data``, which is a server's data folder or the store's own.

    Raises:
        StorageCommandError: there is none, it cannot be read, or it is of an unknown version.
    """
    found = _find(data)
    if found is None:
        raise StorageCommandError(f"there is no store in {data}; name the server's data folder with --data DIR")
    return found


def store_or_place(data: Path) -> Path:
    """Return the folder of the store in ``data``, or where it would be.

    Raises:
        StorageCommandError: it cannot be read, or it is of an unknown version.
    """
    return _find(data) or data / STORE


def find_state(store: Path) -> Path | None:
    """Return the database of the server's state that belongs to a store: in it, as in a backup, or beside it."""
    places = [store / STATE]
    if store.name == STORE:
        places.append(store.parent / STATE)
    return next((place for place in places if place.exists()), None)


def _find(data: Path) -> Path | None:
    try:
        for folder in (data, data / STORE):
            if (folder / "blocks").is_dir() and (folder / "log").is_dir():
                _check_version(folder)
                return folder
    except OSError as error:
        raise StorageCommandError(
            f"the data folder {data} cannot be read: {error.strerror}; run this as the server's user"
        ) from error
    return None


def _check_version(folder: Path) -> None:
    path = folder / "version"
    if not path.exists():
        return
    text = path.read_text(errors="replace")
    if text != VERSION_TEXT:
        raise StorageCommandError(
            f"the store {folder} is of an unknown format ({text.strip()[:60]!r}, expected {VERSION_TEXT.strip()!r}); "
            "use the Vedette that wrote it"
        )


def user_of(folder: Path) -> int | None:
    """The pid of the process that has the store open, 0 if it cannot be told, ``None`` if there is none.

    The lock is not tried, as a server that starts at this moment would be refused for it.
    """
    path = folder / LOCK
    try:
        status = path.stat()
        locks = Path("/proc/locks").read_text()
        holder = path.read_text(errors="replace").strip()
    except OSError:
        return None
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    if not any(place in line.split() and "FLOCK" in line for line in locks.splitlines()):
        return None
    return int(holder) if holder.isdecimal() else 0
