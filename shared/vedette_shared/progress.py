"""A progress bar for long work: one line on a terminal, drawn over itself, and nothing elsewhere."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO

from vedette_shared.clock import Clock, SystemClock

_EVERY_S = 0.1
_MIN_BAR, _MAX_BAR = 10, 40
_MEGABYTE = 1_000_000


class Progress:
    """Counts work in bytes up to ``total``, 0 if that is not known. ``show_progress`` also takes the line away.

    Args:
        label: What is going on.
        total: All of the work, in bytes.
        stream: Where to draw; nothing is drawn if it is no terminal. stderr by default.
        clock: Bounds how often it is drawn.
    """

    def __init__(self, label: str, total: int = 0, stream: TextIO | None = None, clock: Clock | None = None) -> None:
        self._label = label
        self._total = total
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock or SystemClock()
        self._done = 0
        self._visible = self._stream.isatty()
        self._drawn_at = self._clock.monotonic() - _EVERY_S

    def advance(self, size: int) -> None:
        """So many more bytes are done."""
        self._done += size
        if self._visible and self._clock.monotonic() - self._drawn_at >= _EVERY_S:
            self._drawn_at = self._clock.monotonic()
            self._stream.write(f"\r{self.text(shutil.get_terminal_size().columns - 1)}\x1b[K")
            self._stream.flush()

    def print(self, line: str, stream: TextIO) -> None:
        """Write a line to ``stream``, which may be the same terminal."""
        self.clear()
        stream.write(f"{line}\n")

    def clear(self) -> None:
        """Take the line away."""
        if self._visible:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def text(self, width: int) -> str:
        """The line, at most ``width`` characters wide."""
        done = self._done / _MEGABYTE
        if not self._total:
            return f"{self._label}  {done:,.1f} MB"[:width]
        share = min(self._done / self._total, 1.0)
        numbers = f"{share:4.0%}  {done:,.1f} of {self._total / _MEGABYTE:,.1f} MB"
        room = min(width - len(self._label) - len(numbers) - 6, _MAX_BAR)
        if room < _MIN_BAR:
            return f"{self._label}  {numbers}"[:width]
        filled = int(share * room)
        return f"{self._label}  [{'#' * filled}{'.' * (room - filled)}]  {numbers}"


@contextlib.contextmanager
def show_progress(label: str, total: int = 0) -> Iterator[Progress]:
    """Show a progress bar on stderr while the block runs."""
    progress = Progress(label, total)
    try:
        yield progress
    finally:
        progress.clear()
