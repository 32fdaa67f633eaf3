"""Writing files so that a crash leaves the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

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
