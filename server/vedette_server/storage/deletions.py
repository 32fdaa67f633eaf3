"""Deletions: samples that are masked at once, and dropped when their block is merged.

File ``deletions``: ``VDD1``, CRC-32C (4 bytes) of the rest, then MessagePack
``[[number, [[name, op, value], ...], start, end, last segment], ...]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from crc32c import crc32c

from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.files import written_aside
from vedette_server.storage.interface import Matcher, MatchOp

MAGIC = b"VDD1"
NAME = "deletions"
_HEAD_BYTES = 8

_decoder = msgspec.msgpack.Decoder(list[tuple[int, list[tuple[str, str, str]], int, int, int]])


@dataclass(frozen=True, slots=True)
class Deletion:
    """Samples with ``start <= t <= end`` of the series that match, among those written up to a segment of the log.

    Attributes:
        number: Grows with each deletion.
        matchers: Which series.
        start: Milliseconds.
        end: Milliseconds.
        last_segment: Samples of later segments came after the deletion and stay.
    """

    number: int
    matchers: tuple[Matcher, ...]
    start: int
    end: int
    last_segment: int


def write_deletions(folder: Path, deletions: Sequence[Deletion]) -> None:
    """Replace the file, durably."""
    body = msgspec.msgpack.encode(
        [
            (
                deletion.number,
                [(matcher.name, matcher.op.value, matcher.value) for matcher in deletion.matchers],
                deletion.start,
                deletion.end,
                deletion.last_segment,
            )
            for deletion in deletions
        ]
    )
    with written_aside(folder / NAME) as file:
        file.write(MAGIC + crc32c(body).to_bytes(4, "little") + body)


def read_deletions(folder: Path) -> tuple[Deletion, ...]:
    """Return the deletions that are not carried out everywhere yet.

    Raises:
        DamagedFileError: the bytes are not what was written.
    """
    path = folder / NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    body = data[_HEAD_BYTES:]
    if data[:4] != MAGIC or crc32c(body) != int.from_bytes(data[4:_HEAD_BYTES], "little"):
        raise DamagedFileError(path, 0, "the checksum of the deletions is wrong")
    try:
        entries = _decoder.decode(body)
        return tuple(
            Deletion(number, tuple(Matcher(n, MatchOp(op), v) for n, op, v in matchers), start, end, segment)
            for number, matchers, start, end, segment in entries
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedFileError(path, _HEAD_BYTES, f"the deletions cannot be read: {error}") from error
