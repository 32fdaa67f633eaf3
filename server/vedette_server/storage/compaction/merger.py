"""Merging: several blocks become one for each span of time that they touch."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from vedette_server.storage.block.codec import THOROUGH
from vedette_server.storage.block.meta import BlockMeta
from vedette_server.storage.block.reader import Block
from vedette_server.storage.compaction import kernels
from vedette_server.storage.compaction.build import build_block, new_name
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.index.identity import Index
from vedette_server.storage.read.cache import PieceCache
from vedette_server.storage.read.directory import Source

EVER = 2**62
"""Past any timestamp."""


class Merger:
    """Merges blocks. Its method blocks; one thread at a time."""

    def __init__(self, folder: DataFolder, index: Index, cache: PieceCache) -> None:
        self._folder = folder
        self._index = index
        self._cache = cache

    def merge(self, blocks: Sequence[Block], sources: Sequence[Source], window: int, deletions: int) -> list[Block]:
        """Write the samples of ``blocks`` anew, one block for each span; the old ones stay until the caller drops them.

        A crash leaves either the old blocks or the new ones to count, see ``recovery``.

        Args:
            blocks: In the order in which their samples came.
            sources: The same blocks, without what was deleted.
            window: The span, ms; 0 for one block of all.
            deletions: The highest number of a deletion that is carried out in ``sources``.

        Raises:
            OSError: the disk is full or failed; nothing has changed.
        """
        spans = spans_of(sources, window)
        names = tuple(new_name(start) for start, _ in spans)

        def about(meta: BlockMeta) -> BlockMeta:
            return msgspec.structs.replace(
                meta,
                window=window,
                written=max(block.meta.written for block in blocks),
                first_segment=min(block.meta.first_segment for block in blocks),
                last_segment=max(block.meta.last_segment for block in blocks),
                replaces=tuple(block.name for block in blocks),
                siblings=names,
                deletions=deletions,
            )

        made: list[Block] = []
        try:
            for name, (start, end) in zip(names, spans, strict=True):
                path = self._folder.blocks / name
                build_block(path, self._index, sources, start, end, about, THOROUGH)
                made.append(Block(path, self._index, self._cache))
        except OSError:
            for block in made:
                block.path.unlink(missing_ok=True)
            raise
        return made

    def drop(self, blocks: Sequence[Block]) -> None:
        """Remove blocks that do not count any more; readers that hold one read on."""
        for block in blocks:
            if block.damaged:
                self._folder.set_aside(block.path, "pieces of the block were damaged; the rest was kept")
            else:
                block.path.unlink(missing_ok=True)
            self._cache.drop(block.number)


def spans_of(sources: Sequence[Source], window: int) -> list[tuple[int, int]]:
    """The spans of ``window`` ms in which any series has a sample, as (first, last) timestamps."""
    touched: set[int] = set()
    for source in sources:
        directory = source.directory
        sizes = np.diff(directory.table_offsets)[directory.slot_tables]
        found = source.window(np.flatnonzero(sizes).astype(np.int32), -EVER, EVER)
        span = window or EVER
        touched.update(kernels.touched_spans(found.starts, found.counts, found.timestamps, span).tolist())
    if not window:
        return [(-EVER, EVER)] if touched else []
    return [(span * window, (span + 1) * window - 1) for span in sorted(touched)]
