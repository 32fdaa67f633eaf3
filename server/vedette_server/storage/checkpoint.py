"""The checkpoint: what the log said beside samples, up to a segment, so that the segment may go.

File ``checkpoint``: ``VDC1``, CRC-32C (4 bytes) of the rest, then MessagePack ``[segment, sequences, sources]``.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.files import CHECKED_HEAD, read_checked, write_checked
from vedette_server.storage.sources import Dumped

MAGIC = b"VDC1"
NAME = "checkpoint"


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """The state of senders and sources after segment ``segment``."""

    segment: int
    sequences: list[tuple[str, int, list[tuple[int, int]]]]
    sources: Dumped


_decoder = msgspec.msgpack.Decoder(Checkpoint)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint, durably."""
    write_checked(folder / NAME, MAGIC, msgspec.msgpack.encode(checkpoint))


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the checkpoint, ``None`` if there is none yet.

    Raises:
        DamagedFileError: its bytes are not what was written.
    """
    path = folder / NAME
    body = read_checked(path, MAGIC, "checkpoint")
    if body is None:
        return None
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise DamagedFileError(path, CHECKED_HEAD, f"the checkpoint cannot be read: {error}") from error
