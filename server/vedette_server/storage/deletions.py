"""Deletions: samples that are masked at once, and dropped when their block is merged.

File ``deletions``: ``VDD1``, CRC-32C (4 bytes) of the rest, then MessagePack
``[[number, [[name, op, value], ...], start, end, last segment], ...]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.files import CHECKED_HEAD, read_checked, write_checked
from vedette_server.storage.interface import Matcher, MatchOp

MAGIC = b"VDD1"
NAME = "deletions"

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
    write_checked(folder / NAME, MAGIC, body)


def read_deletions(folder: Path) -> tuple[Deletion, ...]:
    """Return the deletions that are not carried out everywhere yet.

    Raises:
        DamagedFileError: the bytes are not what was written.
    """
    path = folder / NAME
    body = read_checked(path, MAGIC, "deletions")
    if body is None:
        return ()
    try:
        entries = _decoder.decode(body)
        return tuple(
            Deletion(number, tuple(Matcher(n, MatchOp(op), v) for n, op, v in matchers), start, end, segment)
            for number, matchers, start, end, segment in entries
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedFileError(path, CHECKED_HEAD, f"the deletions cannot be read: {error}") from error
