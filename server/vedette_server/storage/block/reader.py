"""A block, memory-mapped: a source of samples that never changes."""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from crc32c import crc32c
from numpy.typing import NDArray

from vedette_server.storage.block import codec, meta
from vedette_server.storage.block.meta import BlockMeta, Section
from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.index.identity import Index
from vedette_server.storage.read.cache import Key, PieceCache
from vedette_server.storage.read.directory import Directory, Ints, Numbers, Window
from vedette_server.storage.read.pieces.layout import PieceLayout
from vedette_server.storage.read.pieces.reader import PieceReader
from vedette_shared.labels import format_series
from vedette_shared.logs import get_logger

_logger = get_logger(__name__)
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Pieces:
    """Where the pieces of a kind lie. Piece ``i`` holds the numbers ``starts[i]`` to ``starts[i + 1]`` of the whole."""

    starts: Ints
    offsets: Ints
    lengths: Ints
    checksums: Ints

    def __len__(self) -> int:
        return len(self.offsets)

    def section(self, piece: int) -> Section:
        """The place of one piece in the file."""
        return Section(int(self.offsets[piece]), int(self.lengths[piece]), int(self.checksums[piece]))


class Block:
    """One block file.

    Attributes:
        number: Of this process; never used again.
        directory: Its series.
        layout: Where their clocks and values lie.
        touched: For deletions by number, whether any of their samples are in the block; kept by ``Contents``.
        mask: What those deletions leave of the block; kept by ``Contents``.
    """

    def __init__(self, path: Path, index: Index, cache: PieceCache) -> None:
        """Open a block and take its label sets into the index.

        Raises:
            DamagedFileError: the file is cut short, or its directory is damaged.
        """
        self.path = path
        self.number = next(_numbers)
        self._cache = cache
        self._damaged: set[int] = set()
        self.touched: dict[int, bool] = {}
        self.mask: tuple[tuple[int, ...], Any] | None = None
        self._index = index
        with path.open("rb") as file:
            self.size = file.seek(0, 2)
            if self.size < meta.HEAD.size + meta.TAIL.size:
                raise DamagedFileError(path, self.size, "the file is too short for a block")
            self._data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self.meta = read_meta(path, self._data)
        targets = [index.targets.intern(labels) for labels in meta.unpack_labels(self._section("targets"))]
        signatures = [index.signatures.intern(labels) for labels in meta.unpack_labels(self._section("signatures"))]
        self._load_directory(np.array(targets, np.int32), np.array(signatures, np.int32))

    @property
    def name(self) -> str:
        """The file's name, which is the block's."""
        return self.path.name

    @property
    def min_time(self) -> int:
        return self.meta.min_time

    @property
    def max_time(self) -> int:
        return self.meta.max_time

    @property
    def damaged(self) -> frozenset[int]:
        """The pieces that were found damaged."""
        return frozenset(self._damaged)

    def window(self, slots: Numbers, start: int, end: int) -> Window:
        return PieceReader((self,)).window(slots, start, end)

    def fill(
        self, slots: Numbers, entries: Numbers, first_rows: Ints, counts: Ints, values: NDArray[np.float64], at: Ints
    ) -> bool:
        return PieceReader((self,)).fill(slots, entries, first_rows, counts, values, at)

    def known_pieces(self, keys: Sequence[Key]) -> list[codec.Piece | None]:
        """The pieces of this or other blocks that are decoded already, else ``None``."""
        return self._cache.known(keys)

    def piece(self, number: int) -> codec.Piece | None:
        """A decoded piece of values, or of clocks where ``number`` is below 0, from -1 down; ``None`` if damaged."""
        if number in self._damaged:
            return None
        pieces, place, what = (self.values, number, "values") if number >= 0 else (self.clocks, -1 - number, "clocks")
        try:
            return self._cache.get((self.number, number), lambda: self._decode(pieces, place, what))
        except DamagedFileError as error:
            self._damaged.add(number)
            _logger.error("a piece of a block is damaged, and what depends on it is left out", error=error)
            return None

    def verify(self, advance: Callable[[int], object] | None = None) -> list[DamagedFileError]:
        """Read every piece; return what is damaged. ``advance`` is told the bytes of each piece that was read."""
        found = []
        for pieces, what in ((self.clocks, "clocks"), (self.values, "values")):
            for number in range(len(pieces)):
                try:
                    self._decode(pieces, number, what)
                except DamagedFileError as error:
                    found.append(error)
                if advance is not None:
                    advance(int(pieces.lengths[number]))
        return found

    def _decode(self, pieces: Pieces, number: int, what: str) -> codec.Piece:
        section = pieces.section(number)
        data = self._data[section.offset : section.offset + section.length]
        if len(data) != section.length or crc32c(data) != section.checksum:
            raise DamagedFileError(
                self.path, section.offset, f"the checksum of {self._describe(what, number)} is wrong"
            )
        try:
            piece = codec.decode(data)
        except codec.PieceError as error:
            where = self._describe(what, number)
            raise DamagedFileError(self.path, section.offset, f"{where} cannot be decoded: {error}") from error
        if len(piece.values) != pieces.starts[number + 1] - pieces.starts[number]:
            raise DamagedFileError(
                self.path, section.offset, f"{self._describe(what, number)} has another number of values than it should"
            )
        return piece

    def _describe(self, what: str, number: int) -> str:
        if what == "clocks":
            return f"piece {number} of the clocks"
        low, high = int(self.values.starts[number]), int(self.values.starts[number + 1]) - 1
        starts = self.layout.entry_starts[self._sequence]
        first, last = np.searchsorted(starts, [low, high], "right") - 1
        names = [self._entry_name(int(self._sequence[place])) for place in (first, last)]
        column = names[0] if names[0] == names[1] else f"{names[0]} to {names[1]}"
        return f"piece {number} of column {column}"

    def _entry_name(self, entry: int) -> str:
        signature = int(self.directory.table_signatures[entry])
        return format_series(self._index.signatures.labels(signature))

    def _section(self, name: str) -> memoryview:
        section = self.meta.sections.get(name)
        if section is None:
            raise DamagedFileError(self.path, 0, f"the block has no section {name!r}")
        return meta.section_bytes(self.path, self._data, section, f"the checksum of section {name!r} is wrong")

    def _integers(self, name: str) -> Ints:
        return meta.unpack_integers(self._section(name))

    def _pieces(self, name: str) -> Pieces:
        packed = self._integers(name).reshape(4, -1)
        starts = np.concatenate([[0], np.cumsum(packed[0])])
        return Pieces(starts, packed[1], packed[2], packed[3])

    def _load_directory(self, targets: Numbers, signatures: Numbers) -> None:
        slots = self._integers("slots").reshape(3, -1)
        slot_clocks = slots[2].astype(np.int32)
        clocks = self._integers("clock_bounds").reshape(3, -1)
        self.clocks, self.values = self._pieces("clock_pieces"), self._pieces("value_pieces")
        tables = self._integers("table_sizes")
        offsets = np.concatenate([[0], np.cumsum(tables)])
        entries = self._integers("table_signatures")
        self.directory = Directory(
            targets[slots[0]],
            slots[1].astype(np.int32),
            clocks[1][slot_clocks],
            clocks[2][slot_clocks],
            offsets,
            signatures[entries],
        )
        entry_starts, slot_offsets, self._sequence = sequence(self.directory, entries, clocks[0][slot_clocks])
        self.layout = PieceLayout(
            self.directory,
            slot_clocks,
            slot_offsets,
            entry_starts,
            np.concatenate([[0], np.cumsum(clocks[0])]),
            self.clocks.starts,
            self.values.starts,
        )


def sequence(directory: Directory, order: Ints, counts: Ints) -> tuple[Ints, Ints, Ints]:
    """Where each series' values begin in a block: at ``entry_starts[entry] + slot_offsets[slot]``.

    Args:
        directory: Slots sorted by table.
        order: int64 (entries,), the place of each entry's signature among the block's.
        counts: int64 (slots,), the number of ticks of each slot's clock.

    Returns:
        (entry_starts, slot_offsets, entries): int64; and the entries in the order of their values.
    """
    tables = len(directory.table_offsets) - 1
    before = np.concatenate([[0], np.cumsum(counts)])
    first_slot = np.searchsorted(directory.slot_tables, np.arange(tables + 1))
    slot_offsets = before[:-1] - before[first_slot[directory.slot_tables]]
    table_values = before[first_slot[1:]] - before[first_slot[:-1]]
    entry_tables = np.repeat(np.arange(tables), np.diff(directory.table_offsets))
    entries = np.lexsort((entry_tables, order))
    sizes = table_values[entry_tables]
    entry_starts = np.empty(len(order), np.int64)
    entry_starts[entries] = np.concatenate([[0], np.cumsum(sizes[entries])[:-1]]) if len(order) else 0
    return entry_starts, slot_offsets, entries


def read_meta(path: Path, data: memoryview) -> BlockMeta:
    """Return what the block with the bytes ``data`` says of itself.

    Raises:
        DamagedFileError: its frame or its meta section is not what was written.
    """
    magic, version = meta.HEAD.unpack_from(data)
    if magic != meta.MAGIC:
        raise DamagedFileError(path, 0, "the file does not begin as a block does")
    if version != meta.VERSION:
        raise DamagedFileError(path, 4, f"a block of version {version}, and only {meta.VERSION} is known here")
    at = len(data) - meta.TAIL.size
    offset, length, checksum, end = meta.TAIL.unpack_from(data, at)
    if end != meta.END_MAGIC or offset + length != at:
        raise DamagedFileError(path, at, "the file does not end as a block does; it may be cut short")
    body = meta.section_bytes(
        path, data, Section(offset, length, checksum), "the checksum of its meta section is wrong"
    )
    try:
        return msgspec.json.decode(body, type=BlockMeta)
    except msgspec.DecodeError as error:
        raise DamagedFileError(path, offset, f"its meta section cannot be read: {error}") from error
