"""The spool's folder: its lock, and how what was written gets to the disk for sure."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from vedette_agent.errors import SpoolError
from vedette_shared.logs import get_logger

_log = get_logger(__name__)


def lock_folder(folder: Path) -> int:
    """Lock ``folder`` for this process; return the descriptor that holds the lock.

    Raises:
        SpoolError: another process has it.
        OSError: the lock cannot be made.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise SpoolError(f"{folder}: another agent uses this spool; stop it or name another data folder") from error
    return descriptor


def force_to_disk(descriptor: int, folder: Path) -> None:
    """Force a file and its folder to the disk, and close the file; -1 stands for none. Blocks; failures are logged."""
    if descriptor < 0:
        return
    try:
        os.fdatasync(descriptor)
        entries = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(entries)
        finally:
            os.close(entries)
    except OSError as error:
        _log.warning("the spool cannot be forced to the disk", folder=folder, error=error)
    finally:
        os.close(descriptor)
