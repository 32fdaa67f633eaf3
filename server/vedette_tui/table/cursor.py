"""Where the cursor and the scroll position go when the rows under them change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Position(NamedTuple):
    """The cursor's row and the first row on the screen, both counted from 0."""

    cursor: int
    top: int


def follow(keys: Sequence[str], index: dict[str, int], old: Position, key: str | None, height: int) -> Position:
    """Return the position after a refresh: the cursor stays on the row ``key``, and that row on its line of the screen.

    New trouble that sorts to the top must be seen, so there are two exceptions: a cursor on the very first row stays on
    the first row, whichever that is, and a table at its very top stays there as long as the cursor's row is on the
    screen. Where the row is gone, the cursor keeps its place.

    Args:
        keys: The keys of the new rows, in order.
        index: Each key's place in ``keys``.
        old: The position before.
        key: The row under the cursor before; ``None`` when there was none.
        height: The rows that fit on the screen.
    """
    if not keys or old == (0, 0):
        return Position(0, 0)
    cursor = min(max(old.cursor, 0), len(keys) - 1) if key is None else index.get(key, min(old.cursor, len(keys) - 1))
    stays = old.top == 0 and cursor < height
    top = 0 if stays else old.top + cursor - old.cursor
    return reveal(Position(cursor, top), len(keys), height)


def reveal(position: Position, count: int, height: int) -> Position:
    """Return the position with the cursor inside the rows and on the screen, scrolled as little as possible."""
    cursor = min(max(position.cursor, 0), max(count - 1, 0))
    top = min(max(position.top, cursor - height + 1), cursor)
    return Position(cursor, min(max(top, 0), max(count - height, 0)))
