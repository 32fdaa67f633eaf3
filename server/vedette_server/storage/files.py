"""Writing files so that a crash leaves the old one or the new one, whole; and small files under one checksum."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from crc32c import crc32c

from vedette_server.storage.errors import DamagedFileError

ASIDE = ".tmp"


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that takes the place of ``path``, durably, when the block ends without an error."""
    aside = path.with_name(path.name + ASIDE)
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove files that were being written when the process ended."""
    for path in folder.glob(f"*{ASIDE}"):
        path.unlink(missing_ok=True)


CHECKED_HEAD = 8
"""Bytes of a checked file before its body: magic (4) and CRC-32C of the body (4)."""


def write_checked(path: Path, magic: bytes, body: bytes) -> None:
    """Replace a small file by one with this body under a checksum, durably."""
    with written_aside(path) as file:
        file.write(magic + crc32c(body).to_bytes(4, "little") + body)


def read_checked(path: Path, magic: bytes, what: str) -> bytes | None:
    """Return the body of a file that ``write_checked`` wrote, ``None`` if there is none.

    Raises:
        DamagedFileError: the bytes are not what was written, or are of another version; ``what`` names them.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    found, body = data[:4], data[CHECKED_HEAD:]
    if crc32c(body) != int.from_bytes(data[4:CHECKED_HEAD], "little"):
        raise DamagedFileError(path, 0, f"the checksum of the {what} is wrong")
    if found != magic:
        version = found.decode("ascii", "replace")
        raise DamagedFileError(path, 0, f"it begins with {version!r}, and only {magic.decode()!r} is known here")
    return body
