"""Whether a file may be run: only its owner, root or the agent's own user, can have written it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from vedette_agent.errors import CollectorError


def check_trusted(path: Path) -> None:
    """Raise CollectorError if others than root and the agent's user can write ``path``, OSError if it is missing."""
    status = path.stat()
    if status.st_uid not in (0, os.geteuid()):
        raise CollectorError(f"{path} belongs to another user: chown root {path}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CollectorError(f"{path} can be written by others: chmod go-w {path}")
