"""Checking a block: its frame, its sections, its pieces, and that nothing lies between them."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from crc32c import crc32c

from vedette_server.storage.block import meta
from vedette_server.storage.block.meta import BlockMeta, Section
from vedette_server.storage.block.reader import Block, read_meta
from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.index.identity import Index
from vedette_server.storage.read.cache import PieceCache

Advance = Callable[[int], object]

_PIECES = {"clock_pieces": "clocks", "value_pieces": "values"}


def check_block(path: Path, advance: Advance) -> Iterator[DamagedFileError]:
    """Read all of a block; yield what is damaged.

    Raises:
        FileNotFoundError: it is gone.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < meta.HEAD.size + meta.TAIL.size:
            yield DamagedFileError(path, size, "the file is too short for a block")
            return
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        about = read_meta(path, data)
    except DamagedFileError as error:
        yield error
        return
    if any(data[8 : meta.HEAD.size]):
        yield DamagedFileError(path, 8, "the zeros of its head are none")
    sections = list(_check_sections(path, data, about))
    yield from sections
    advance(size - sum(piece.length for name in _PIECES for piece in _pieces(data, about, name)))
    if sections:
        yield from _check_pieces(path, data, about, advance)
        return
    yield from _check_gaps(path, data, about)
    try:
        yield from Block(path, Index(), PieceCache(0)).verify(advance)
    except DamagedFileError as error:
        yield error
    except (ValueError, IndexError, msgspec.MsgspecError) as error:
        yield DamagedFileError(path, 0, f"its sections contradict each other: {error}")


def _check_sections(path: Path, data: memoryview, about: BlockMeta) -> Iterator[DamagedFileError]:
    for name, section in about.sections.items():
        try:
            meta.section_bytes(path, data, section, f"the checksum of section {name!r} is wrong")
        except DamagedFileError as error:
            yield error


def _check_pieces(path: Path, data: memoryview, about: BlockMeta, advance: Advance) -> Iterator[DamagedFileError]:
    """The checksums alone: a damaged section keeps the columns' names from us."""
    for name, what in _PIECES.items():
        for number, piece in enumerate(_pieces(data, about, name)):
            found = data[piece.offset : piece.offset + piece.length]
            if len(found) != piece.length or crc32c(found) != piece.checksum:
                yield DamagedFileError(path, piece.offset, f"the checksum of piece {number} of the {what} is wrong")
            advance(piece.length)


def _check_gaps(path: Path, data: memoryview, about: BlockMeta) -> Iterator[DamagedFileError]:
    """Every byte is under some checksum."""
    places = [piece for name in _PIECES for piece in _pieces(data, about, name)]
    places += about.sections.values()
    at = meta.HEAD.size
    for place in sorted(places, key=lambda place: (place.offset, place.length)):
        if place.offset != at:
            yield DamagedFileError(path, at, "the parts of the block do not follow each other")
        at = place.offset + place.length


def _pieces(data: memoryview, about: BlockMeta, name: str) -> list[Section]:
    section = about.sections.get(name)
    if section is None or crc32c(data[section.offset : section.offset + section.length]) != section.checksum:
        return []
    _, offsets, lengths, checksums = meta.unpack_integers(
        data[section.offset : section.offset + section.length]
    ).reshape(4, -1)
    return [Section(*place) for place in np.stack([offsets, lengths, checksums], axis=1).tolist()]
