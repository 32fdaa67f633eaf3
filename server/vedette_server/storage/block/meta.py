"""What a block says of itself, and the frame of its file: where each section lies."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zstandard
from crc32c import crc32c
from numpy.typing import NDArray
from pcodec import ChunkConfig
from pcodec import standalone as pco

from vedette_server.storage.errors import DamagedFileError
from vedette_shared.labels import Labels, flatten, unflatten

MAGIC = b"VDB1"
END_MAGIC = b"1BDV"
VERSION = 1
SUFFIX = ".block"

HEAD = struct.Struct("<4sI8x")
TAIL = struct.Struct("<QII4s")

_flat_labels = msgspec.msgpack.Decoder(list[list[str]])


class Section(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of the file under one checksum (CRC-32C)."""

    offset: int
    length: int
    checksum: int


class BlockMeta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The meta section, as JSON.

    Attributes:
        min_time: The first timestamp, ms.
        max_time: The last one.
        samples: Values that are not absent.
        series: Pairs of target and signature.
        window: The span that the block was merged to, ms; 0 as cut from the head.
        written: When its newest samples were cut from the head, by the wall clock, ms.
        first_segment: The first segment of the log whose samples may be in the block.
        last_segment: The last one; a head block holds all of these segments.
        replaces: Names of the blocks that this one and its siblings were merged from.
        siblings: Names of all blocks of the same merging.
        deletions: The highest number of a deletion that has been carried out in the block.
        sections: The sections by name.
    """

    min_time: int
    max_time: int
    samples: int
    series: int
    window: int = 0
    written: int = 0
    first_segment: int = 0
    last_segment: int = 0
    replaces: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    deletions: int = 0
    sections: dict[str, Section] = {}


def section_bytes(path: Path, data: memoryview, section: Section, what: str) -> memoryview:
    """Return a section's bytes.

    Raises:
        DamagedFileError: they are not what was written.
    """
    found = data[section.offset : section.offset + section.length]
    if len(found) != section.length or crc32c(found) != section.checksum:
        raise DamagedFileError(path, section.offset, what)
    return found


def pack_integers(numbers: NDArray[Any]) -> bytes:
    """Return integers, compressed."""
    return pco.simple_compress(np.ascontiguousarray(numbers, np.int64), ChunkConfig()) if len(numbers) else b""


def unpack_integers(data: memoryview) -> NDArray[np.int64]:
    """The inverse of ``pack_integers``."""
    if not len(data):
        return np.zeros(0, np.int64)
    numbers: NDArray[np.int64] = pco.simple_decompress(bytes(data))
    return numbers


def pack_labels(sets: list[Labels]) -> bytes:
    """Return label sets, compressed."""
    return zstandard.ZstdCompressor(level=9).compress(msgspec.msgpack.encode([flatten(labels) for labels in sets]))


def unpack_labels(data: memoryview) -> list[Labels]:
    """The inverse of ``pack_labels``."""
    return [unflatten(flat) for flat in _flat_labels.decode(zstandard.ZstdDecompressor().decompress(data))]
