"""Writes the file of a block: pieces as they come, then the sections that say what they are."""

from __future__ import annotations

from typing import BinaryIO

import msgspec
import numpy as np
from crc32c import crc32c

from vedette_server.storage.block import meta
from vedette_server.storage.block.meta import BlockMeta, Section

_NAMES = ("clock_pieces", "value_pieces")


class BlockWriter:
    """Writes to a file that is empty. Nothing is read back."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._pieces: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in _NAMES}
        self._sections: dict[str, Section] = {}
        self._write(meta.HEAD.pack(meta.MAGIC, meta.VERSION))

    def clocks(self, piece: bytes, count: int) -> None:
        """Write a piece of clocks that holds ``count`` timestamps."""
        self._piece("clock_pieces", piece, count)

    def values(self, piece: bytes, count: int) -> None:
        """Write a piece of ``count`` values."""
        self._piece("value_pieces", piece, count)

    def section(self, name: str, body: bytes) -> None:
        """Write a section of the directory."""
        self._sections[name] = self._write(body)

    def finish(self, about: BlockMeta) -> int:
        """Write the rest; returns the size of the file."""
        for name, pieces in self._pieces.items():
            self.section(name, meta.pack_integers(np.array(pieces, np.int64).reshape(-1, 4).T.reshape(-1)))
        body = msgspec.json.encode(msgspec.structs.replace(about, sections=self._sections))
        place = self._write(body)
        self._write(meta.TAIL.pack(place.offset, place.length, place.checksum, meta.END_MAGIC))
        return self._at

    def _piece(self, name: str, piece: bytes, count: int) -> None:
        place = self._write(piece)
        self._pieces[name].append((count, place.offset, place.length, place.checksum))

    def _write(self, body: bytes) -> Section:
        place = Section(self._at, len(body), crc32c(body))
        self._file.write(body)
        self._at += len(body)
        return place
