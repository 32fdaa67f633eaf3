"""What is in the store at one moment: blocks, heads, deletions. Swapped as a whole, so that readers need no lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vedette_server.storage.block.reader import Block
from vedette_server.storage.deletions import Deletion
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import select
from vedette_server.storage.read.directory import Source
from vedette_server.storage.read.masked import Mask, MaskedSource, make_mask
from vedette_server.storage.read.pieces.reader import PieceReader

NOTHING_YET = -(2**63)
"""In place of a timestamp."""

JOINED_SIZE = 2**19
"""Blocks are joined up to so many slots and entries, some 20 MB."""


@dataclass(frozen=True, slots=True)
class _Joined:
    """The blocks from number ``first`` on as one source, none if there are none."""

    first: int
    source: tuple[PieceReader, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """Blocks in the order in which their samples came, then heads, the current one last; and what was deleted."""

    blocks: tuple[Block, ...] = ()
    heads: tuple[Head, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    _joined: list[_Joined] = field(default_factory=list, init=False, repr=False, compare=False)

    def sources(self, index: Index) -> Sequence[Source]:
        """What a reader reads, without what was deleted, those that were written first first."""
        return [*(self.block_source(block, index) for block in self.blocks), *self._head_sources(index)]

    def joined_sources(self, index: Index) -> Sequence[Source]:
        """The same with the newest blocks, of which there may be many, as one source: a query then takes few steps."""
        if not self._joined:
            self._joined.append(self._join(index))
        joined = self._joined[0]
        older = [self.block_source(block, index) for block in self.blocks[: joined.first]]
        return [*older, *joined.source, *self._head_sources(index)]

    def _join(self, index: Index) -> _Joined:
        """Join the newest blocks as far as they are not too large together, and nothing of them is masked."""
        first = len(self.blocks)
        room = JOINED_SIZE
        while first and not self.pending(self.blocks[first - 1], index):
            room -= self.blocks[first - 1].layout.size
            if room < 0:
                break
            first -= 1
        newest = self.blocks[first:]
        return _Joined(first, (PieceReader(newest),) if newest else ())

    def block_source(self, block: Block, index: Index) -> Source:
        """A block without what was deleted of it."""
        pending = self.pending(block, index)
        if not pending:
            return block
        numbers = tuple(deletion.number for deletion in pending)
        known = block.mask
        if known is None or known[0] != numbers:
            known = block.mask = (numbers, make_mask(index, block.directory, pending))
        mask: Mask = known[1]
        return MaskedSource(block, mask)

    def pending(self, block: Block, index: Index) -> list[Deletion]:
        """The deletions of samples that are still in a block."""
        found = []
        for deletion in self.deletions:
            if deletion.number > block.meta.deletions and block.meta.first_segment <= deletion.last_segment:
                touched = block.touched.get(deletion.number)
                if touched is None:
                    picked = block.directory.pick(select(index, deletion.matchers), deletion.start, deletion.end)
                    touched = block.touched[deletion.number] = len(picked.slots) > 0
                if touched:
                    found.append(deletion)
        return found

    def newest(self) -> int:
        """The newest timestamp, ``NOTHING_YET`` without one."""
        newest = [block.max_time for block in self.blocks] + [head.max_time for head in self.heads]
        return max(newest, default=NOTHING_YET)

    def with_blocks(self, added: Sequence[Block], removed: Sequence[Block] = ()) -> Contents:
        """The contents with other blocks."""
        gone = {block.number for block in removed}
        blocks = [block for block in self.blocks if block.number not in gone]
        return replace(self, blocks=in_order([*blocks, *added]))

    def without_head(self, head: Head) -> Contents:
        """The contents without a head that has become a block."""
        return replace(self, heads=tuple(other for other in self.heads if other is not head))

    def with_head(self, head: Head) -> Contents:
        """The contents with a new head."""
        return replace(self, heads=(*self.heads, head))

    def carried_out(self, index: Index) -> list[Deletion]:
        """The deletions of which nothing is left to do."""
        waiting = {deletion.number for block in self.blocks for deletion in self.pending(block, index)}
        first = min((head.first_segment for head in self.heads), default=0)
        return [d for d in self.deletions if d.number not in waiting and d.last_segment < first]

    def _head_sources(self, index: Index) -> list[Source]:
        sources: list[Source] = []
        for head in self.heads:
            view: Source = head.view()
            deleted = [deletion for deletion in self.deletions if head.first_segment <= deletion.last_segment]
            if deleted:
                view = MaskedSource(view, make_mask(index, view.directory, deleted))
            sources.append(view)
        return sources


def in_order(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks by the log's segments that they hold, then by time."""
    return tuple(sorted(blocks, key=_order))


def _order(block: Block) -> tuple[int, int, int, str]:
    return block.meta.first_segment, block.meta.last_segment, block.min_time, block.name
