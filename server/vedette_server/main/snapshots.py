"""Snapshots of the store and the state that a running server takes of itself."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from vedette_server.main.storage_command.copying import back_up
from vedette_server.main.storage_command.location import STORE, find_state
from vedette_server.main.storage_command.snapshot import Snapshot

FOLDER = "snapshots"


def take_snapshot(data: Path) -> str:
    """Copy store and state in the data folder ``data`` to a new folder in ``snapshots``; return its name. Blocks.

    Raises:
        StorageCommandError: it cannot be written; nothing was left there.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}"
    with Snapshot(data / STORE) as snapshot:
        back_up(snapshot, data / FOLDER / name, _nobody_watches, state=find_state(data / STORE))
    return name


def _nobody_watches(size: int) -> None:
    pass
