"""What is in the store at one moment: blocks and heads. Swapped as a whole, so that readers need no lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vedette_server.storage.block.reader import Block
from vedette_server.storage.head.head import Head
from vedette_server.storage.read.directory import Source


@dataclass(frozen=True, slots=True)
class Contents:
    """Blocks in the order in which their samples came, then heads, the current one last."""

    blocks: tuple[Block, ...] = ()
    heads: tuple[Head, ...] = ()

    def sources(self) -> Sequence[Source]:
        """What a reader reads, those that were written first first."""
        return [*self.blocks, *(head.view() for head in self.heads)]

    def with_blocks(self, added: Sequence[Block], removed: Sequence[Block] = ()) -> Contents:
        """The contents with other blocks."""
        gone = {block.number for block in removed}
        blocks = [block for block in self.blocks if block.number not in gone]
        return Contents(in_order([*blocks, *added]), self.heads)

    def without_head(self, head: Head) -> Contents:
        """The contents without a head that has become a block."""
        return Contents(self.blocks, tuple(other for other in self.heads if other is not head))

    def with_head(self, head: Head) -> Contents:
        """The contents with a new head."""
        return Contents(self.blocks, (*self.heads, head))


def in_order(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Blocks by the log's segments that they hold, then by time."""
    return tuple(
        sorted(
            blocks, key=lambda block: (block.meta.first_segment, block.meta.last_segment, block.min_time, block.name)
        )
    )
