"""The checkpoint: what the log said beside samples, up to a segment, so that the segment may go.

File ``checkpoint``: ``VDC1``, CRC-32C (4 bytes) of the rest, then MessagePack ``[segment, sequences, sources]``.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from crc32c import crc32c

from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.files import written_aside
from vedette_server.storage.sources import Dumped

MAGIC = b"VDC1"
NAME = "checkpoint"
_HEAD_BYTES = 8


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """The state of senders and sources after segment ``segment``."""

    segment: int
    sequences: list[tuple[str, int, list[tuple[int, int]]]]
    sources: Dumped


_decoder = msgspec.msgpack.Decoder(Checkpoint)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint, durably."""
    body = msgspec.msgpack.encode(checkpoint)
    with written_aside(folder / NAME) as file:
        file.write(MAGIC + crc32c(body).to_bytes(4, "little") + body)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the checkpoint, ``None`` if there is none yet.

    Raises:
        DamagedFileError: its bytes are not what was written.
    """
    path = folder / NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    body = data[_HEAD_BYTES:]
    if data[:4] != MAGIC or crc32c(body) != int.from_bytes(data[4:_HEAD_BYTES], "little"):
        raise DamagedFileError(path, 0, "the checksum of the checkpoint is wrong")
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise DamagedFileError(path, _HEAD_BYTES, f"the checkpoint cannot be read: {error}") from error
