"""Opening a store: what its files say, and the log as heads and blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from vedette_server.storage.block.meta import SUFFIX
from vedette_server.storage.block.reader import Block
from vedette_server.storage.checkpoint import NAME as CHECKPOINT_NAME
from vedette_server.storage.checkpoint import Checkpoint, read_checkpoint
from vedette_server.storage.contents import Contents
from vedette_server.storage.cutting import Cutter, Sealed
from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.identity import Index
from vedette_server.storage.intake import Intake
from vedette_server.storage.log.segments import segment_numbers, segment_path
from vedette_server.storage.options import StorageOptions
from vedette_server.storage.read.cache import PieceCache
from vedette_server.storage.replaying import LogReplayer
from vedette_shared.frames import VALUE_BYTES

Damaged = Callable[[], None]


def open_blocks(folder: DataFolder, index: Index, cache: PieceCache, damaged: Damaged) -> list[Block]:
    """Open all blocks; set damaged ones aside, and finish or undo a merging that was cut off."""
    blocks = []
    for path in sorted(folder.blocks.glob(f"*{SUFFIX}")):
        try:
            blocks.append(Block(path, index, cache))
        except DamagedFileError as error:
            folder.set_aside(path, error)
            damaged()
    keep, drop = resolve(blocks)
    for block in drop:
        block.path.unlink()
    return keep


def resolve(blocks: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """Part blocks in those that count and those that a merging left behind.

    Blocks of a merging count when all of them are there, or when those that they replace are not all there any more: a
    merging removes nothing before it is whole. What a merging that counts replaces does not count.
    """
    names = {block.name for block in blocks}
    undone = {
        block.name
        for block in blocks
        if not names.issuperset(block.meta.siblings) and block.meta.replaces and names.issuperset(block.meta.replaces)
    }
    replaced = {name for block in blocks if block.name not in undone for name in block.meta.replaces}
    gone = undone | replaced
    return [block for block in blocks if block.name not in gone], [block for block in blocks if block.name in gone]


def load_checkpoint(folder: DataFolder, damaged: Damaged) -> Checkpoint:
    """Return the checkpoint; an empty one if there is none that can be read."""
    try:
        found = read_checkpoint(folder.path)
    except DamagedFileError as error:
        folder.set_aside(folder.path / CHECKPOINT_NAME, error)
        damaged()
        found = None
    return found or Checkpoint(0, [], [])


class LogHeads:
    """The log as heads: an iterator over those that are full, after which ``intake`` goes on in the last one.

    Attributes:
        intake: In a full head, when that is handed out, with senders and sources as they were at its end.
        remaining: Bytes of the log that are still to come.
    """

    def __init__(
        self,
        folder: DataFolder,
        index: Index,
        checkpoint: Checkpoint,
        contents: Contents,
        options: StorageOptions,
        damaged: Damaged,
    ) -> None:
        """``contents`` are the blocks and the deletions; nothing is replayed yet."""
        self._folder = folder
        self._options = options
        self._in_blocks = max([checkpoint.segment, *(block.meta.last_segment for block in contents.blocks)])
        self._boundaries = {deletion.last_segment for deletion in contents.deletions}
        numbers = [number for number in segment_numbers(folder.log) if number > checkpoint.segment]
        self._sizes = {number: segment_path(folder.log, number).stat().st_size for number in numbers}
        self.remaining = sum(self._sizes.values())
        first = next((number for number in numbers if number > self._in_blocks), self.next_segment)
        self.intake = Intake(index, self._new_head(first))
        self.intake.sequences.load(checkpoint.sequences)
        self.intake.sources.load(checkpoint.sources)
        self._replayer = LogReplayer(folder, self.intake, damaged)

    @property
    def next_segment(self) -> int:
        """The number of the first segment that may be written."""
        return 1 + max([self._in_blocks, *self._sizes])

    def __iter__(self) -> Iterator[Head]:
        intake, newest = self.intake, self.next_segment - 1
        for place, (number, size) in enumerate(self._sizes.items()):
            # Before the first segment there is nothing to cut, and a cut removes segments up to where the head ends.
            if place and self._is_full(number, size):
                yield intake.head
                intake.begin(self._new_head(number))
            self._replayer.segment(number, samples=number > self._in_blocks, last=number == newest)
            intake.head.last_segment = number
            self.remaining -= size

    def _is_full(self, number: int, size: int) -> bool:
        """Whether a head must end before a segment: by its size, or for a deletion that was made there."""
        head = self.intake.head
        return (
            head.size >= self._options.head_bytes
            or not head.has_room(2 * size // VALUE_BYTES)
            or number - 1 in self._boundaries
        )

    def _new_head(self, segment: int) -> Head:
        return Head(self._options.head_capacity(self._sizes.get(segment, 0) // VALUE_BYTES), segment)


class HeadCutter:
    """Makes blocks of the heads of a log that is too large for memory, in a thread beside the one that replays.

    Heads whose values are in the files of the log take little memory: they are left for later, and the store serves the
    sooner. So are as many others as may wait while samples come.

    Attributes:
        blocks: Those that were made.
        sealed: Full heads that wait to become blocks, the oldest first.
    """

    def __init__(self, cutter: Cutter, options: StorageOptions) -> None:
        self.blocks: list[Block] = []
        self.sealed: deque[Sealed] = deque()
        self._cutter = cutter
        self._room = options.waiting_heads * options.head_bytes
        self._running: Future[Block | None] | None = None

    def replay(self, heads: LogHeads, now_ms: int) -> None:
        """Replay all of the log.

        Raises:
            OSError: memory is full, and a block cannot be written.
        """
        intake = heads.intake
        with ThreadPoolExecutor(1, "cut") as thread:
            for head in heads:
                checkpoint = Checkpoint(head.last_segment, intake.sequences.dump(), intake.sources.dump())
                self.sealed.append(Sealed(head, tuple(intake.fresh_layouts), checkpoint, now_ms))
                while self._resident() > self._room:
                    self._begin(thread)
                    self._finish()
                if self._running is not None and self._running.done():
                    self._finish()
                # What is still to come is taken to be as this one.
                to_come = heads.remaining * head.resident // max(1, head.size)
                if self._resident() + to_come > self._room:
                    self._begin(thread)
            self._finish()

    def _resident(self) -> int:
        return sum(sealed.head.resident for sealed in self.sealed)

    def _begin(self, thread: ThreadPoolExecutor) -> None:
        if self._running is None and self.sealed:
            self._running = thread.submit(self._cutter.cut, self.sealed[0])

    def _finish(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            block = running.result()
            self.sealed.popleft()
            if block is not None:
                self.blocks.append(block)
