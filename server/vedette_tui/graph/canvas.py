"""Dots on a grid of braille signs, two across and four down in each.

Source of the dots' order: The Unicode Standard, block Braille Patterns (U+2800 to U+28FF).
"""

from __future__ import annotations

from collections.abc import Iterator

DOTS_ACROSS = 2
DOTS_DOWN = 4
_BLANK = 0x2800
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Canvas:
    """A grid of ``width`` × ``height`` signs; dots are counted from the upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self._bits = [[0] * width for _ in range(height)]
        self._owners = [[-1] * width for _ in range(height)]
        self.dots_across = width * DOTS_ACROSS
        self.dots_down = height * DOTS_DOWN

    def dot(self, x: int, y: int, owner: int) -> None:
        """Set one dot; its sign belongs to ``owner`` from now on. What lies outside is left out."""
        if 0 <= x < self.dots_across and 0 <= y < self.dots_down:
            column, row = x // DOTS_ACROSS, y // DOTS_DOWN
            self._bits[row][column] |= _BITS[y % DOTS_DOWN][x % DOTS_ACROSS]
            self._owners[row][column] = owner

    def line(self, x0: int, y0: int, x1: int, y1: int, owner: int) -> None:
        """Set the dots of a straight line (Bresenham's algorithm)."""
        across, down = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
        error = across + down
        while True:
            self.dot(x0, y0, owner)
            if (x0, y0) == (x1, y1):
                return
            twice = 2 * error
            if twice >= down:
                error += down
                x0 += step_x
            if twice <= across:
                error += across
                y0 += step_y

    def signs(self, row: int) -> Iterator[tuple[str, int]]:
        """Yield each sign of a row with its owner; a sign without dots is an empty text."""
        for bits, owner in zip(self._bits[row], self._owners[row], strict=True):
            yield (chr(_BLANK + bits) if bits else "", owner)
