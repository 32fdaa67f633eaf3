"""What to merge next and what to drop: pure decisions over what the blocks say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

MANY_SMALL = 48
"""So many small blocks are merged, whatever the time is."""

MANY_LATE = 4
"""So many blocks of one window are merged with each other."""

LATE_SHARE = 8
"""Late blocks are merged into a bigger window's block when they have one in so many of its bytes."""


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """A block, as far as merging needs it.

    Attributes:
        name: The block's name.
        min_time: The first timestamp, ms.
        max_time: The last one.
        window: The span that it was merged to, ms; 0 as cut from the head.
        written: When it was cut, by the wall clock, ms.
        size: Bytes.
        unclean: Whether samples in it have been deleted and are still there.
    """

    name: str
    min_time: int
    max_time: int
    window: int
    written: int
    size: int
    unclean: bool = False


@dataclass(frozen=True, slots=True)
class MergeJob:
    """Blocks to merge, in their order, into one block for each span of ``window`` ms; 0 keeps the span as it is."""

    names: tuple[str, ...]
    window: int


def next_merge(blocks: Sequence[BlockInfo], windows: Sequence[int], now: int) -> MergeJob | None:
    """Return what to merge next, ``None`` if nothing needs to be.

    Args:
        blocks: In the order in which their samples came.
        windows: The spans, ascending, each a multiple of the one before.
        now: Wall time, ms.
    """
    small = [block for block in blocks if block.window == 0]
    ready = _leading(small, now // windows[0] * windows[0])
    if ready:
        return MergeJob(tuple(block.name for block in ready), windows[0])
    for lower, upper in pairwise(windows):
        job = _merge_up(blocks, lower, upper, now)
        if job is not None:
            return job
    for window in windows:
        for _, group in _by_span(blocks, (window,), window):
            if len(group) >= (MANY_LATE if window == windows[0] else 2):
                return MergeJob(tuple(block.name for block in group), window)
    unclean = next((block for block in blocks if block.unclean), None)
    return None if unclean is None else MergeJob((unclean.name,), unclean.window)


def _leading(small: Sequence[BlockInfo], boundary: int) -> Sequence[BlockInfo]:
    """The small blocks from before the boundary; all of them when there are too many."""
    if len(small) >= MANY_SMALL:
        return small
    count = 0
    while count < len(small) and small[count].written < boundary:
        count += 1
    return small[:count]


def _merge_up(blocks: Sequence[BlockInfo], lower: int, upper: int, now: int) -> MergeJob | None:
    """Merge the lower window's blocks of an upper span that is over."""
    for span, group in _by_span(blocks, (lower, upper), upper):
        late = [block for block in group if block.window == lower]
        whole = [block for block in group if block.window == upper]
        if not late or (span + 1) * upper + lower > now:
            continue
        share = sum(block.size for block in late) * LATE_SHARE >= sum(block.size for block in whole)
        if not whole or share or len(late) >= upper // lower:
            return MergeJob(tuple(block.name for block in group), upper)
    return None


def _by_span(
    blocks: Iterable[BlockInfo], kinds: tuple[int, ...], window: int
) -> Iterable[tuple[int, Sequence[BlockInfo]]]:
    """The blocks of some windows by the span that they lie in, oldest first, each group in the order of ``blocks``."""
    chosen = sorted((block for block in blocks if block.window in kinds), key=lambda block: block.min_time // window)
    for span, group in groupby(chosen, key=lambda block: block.min_time // window):
        yield span, list(group)


def expired(blocks: Sequence[BlockInfo], now: int, newest: int, retention_ms: int, retention_bytes: int) -> list[str]:
    """The names of the blocks that retention drops.

    Age is counted from ``newest``, the newest sample, where wall time is ahead of it: a clock that leaps must not drop
    what is still to be kept.
    """
    dropped = []
    kept = sorted(blocks, key=lambda block: block.max_time)
    horizon = min(now, newest) - retention_ms
    while retention_ms and kept and kept[0].max_time < horizon:
        dropped.append(kept.pop(0).name)
    total = sum(block.size for block in kept)
    while retention_bytes and total > retention_bytes and len(kept) > 1:
        block = kept.pop(0)
        total -= block.size
        dropped.append(block.name)
    return dropped
