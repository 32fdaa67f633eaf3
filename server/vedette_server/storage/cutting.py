"""Cutting: a full head becomes a block, and its part of the log goes."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from vedette_server.storage.block.meta import BlockMeta
from vedette_server.storage.block.reader import Block
from vedette_server.storage.catalog import Catalog
from vedette_server.storage.checkpoint import Checkpoint, write_checkpoint
from vedette_server.storage.compaction.build import build_block, new_name
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.head.grouped import GroupedView
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.identity import Index
from vedette_server.storage.log.segments import segment_numbers, segment_path
from vedette_server.storage.read.cache import PieceCache

EVER = 2**62
"""Past any timestamp."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A head that takes no more, with what the log said beside its samples until then.

    Attributes:
        head: The head.
        layouts: The hashes of layouts that came with it.
        checkpoint: Senders and sources as they were.
        written: Wall time, ms.
    """

    head: Head
    layouts: tuple[bytes, ...]
    checkpoint: Checkpoint
    written: int


class Cutter:
    """Turns sealed heads into blocks. Its method blocks; one thread at a time."""

    def __init__(self, folder: DataFolder, index: Index, cache: PieceCache, catalog: Catalog) -> None:
        self._folder = folder
        self._index = index
        self._cache = cache
        self._catalog = catalog

    def cut(self, sealed: Sealed) -> Block | None:
        """Write the block of a head, then the checkpoint, then remove the log's segments. May be repeated if it failed.

        Returns:
            The block, ``None`` if the head had no sample.

        Raises:
            OSError: the disk is full or failed; the log still has all of it.
        """
        head = sealed.head

        def about(meta: BlockMeta) -> BlockMeta:
            return msgspec.structs.replace(
                meta, written=sealed.written, first_segment=head.first_segment, last_segment=head.last_segment
            )

        self._catalog.add({one: self._index.layouts.record(one) for one in sealed.layouts})
        block = None
        if head.rows:
            path = self._folder.blocks / new_name(head.min_time)
            if build_block(path, self._index, [GroupedView(head.view())], -EVER, EVER, about):
                block = Block(path, self._index, self._cache)
        try:
            write_checkpoint(self._folder.path, sealed.checkpoint)
        except OSError:
            if block is not None:
                block.path.unlink()
            raise
        for number in segment_numbers(self._folder.log):
            if number <= head.last_segment:
                segment_path(self._folder.log, number).unlink()
        return block
