"""Decoded pieces, the most recently used ones, bounded by their bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from vedette_server.storage.block.codec import Piece

Key = tuple[int, int]
"""A block's number in this process, and a piece's number in the block, below 0 for its clocks."""


class PieceCache:
    """Shared by all readers; the lock is held for the bookkeeping only, never while a piece is decoded."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._pieces: OrderedDict[Key, Piece] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    def get(self, key: Key, load: Callable[[], Piece]) -> Piece:
        """Return the piece, from ``load`` if it is not here."""
        with self._lock:
            piece = self._pieces.get(key)
            if piece is not None:
                self._pieces.move_to_end(key)
                return piece
        piece = load()
        with self._lock:
            if key not in self._pieces:
                self._pieces[key] = piece
                self._size += piece.nbytes
            while self._size > self._capacity and len(self._pieces) > 1:
                _, oldest = self._pieces.popitem(last=False)
                self._size -= oldest.nbytes
        return piece

    def known(self, keys: Sequence[Key]) -> list[Piece | None]:
        """Return those of some pieces that are here, ``None`` in place of the others."""
        pieces = self._pieces
        with self._lock:
            found = list(map(pieces.get, keys))
            for key, piece in zip(keys, found, strict=True):
                if piece is not None:
                    pieces.move_to_end(key)
        return found

    def drop(self, block: int) -> None:
        """Forget the pieces of a block that has been retired."""
        with self._lock:
            for key in [key for key in self._pieces if key[0] == block]:
                self._size -= self._pieces.pop(key).nbytes
