"""Progress bars: on terminals only, never wider than the line, never more often than one can see."""

from __future__ import annotations

import io

import pytest

from vedette_shared.clock import ManualClock
from vedette_shared.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("total", "width", "text"),
    [
        (4_000_000, 60, "verify  [#######......................]   25%  1.0 of 4.0 MB"),
        (4_000_000, 40, "verify   25%  1.0 of 4.0 MB"),
        (4_000_000, 10, "verify   2"),
        (0, 60, "verify  1.0 MB"),
        (500_000, 50, "verify  [###################]  100%  1.0 of 0.5 MB"),
    ],
)
def test_text(total: int, width: int, text: str) -> None:
    """The bar takes what the numbers leave."""
    progress = Progress("verify", total, io.StringIO())
    progress.advance(1_000_000)
    assert progress.text(width) == text


def test_drawn_on_a_terminal_ten_times_a_second() -> None:
    """Lines that are printed meanwhile stand clear of it."""
    stream, clock = Terminal(), ManualClock()
    progress = Progress("copy", 0, stream, clock)
    progress.advance(1_000_000)
    progress.advance(1_000_000)
    clock.advance(100)
    progress.advance(1_000_000)
    progress.print("found", stream)
    progress.clear()
    assert stream.getvalue() == "\rcopy  1.0 MB\x1b[K\rcopy  3.0 MB\x1b[K\r\x1b[Kfound\n\r\x1b[K"


def test_nothing_elsewhere() -> None:
    """A file gets the printed lines alone."""
    stream = io.StringIO()
    progress = Progress("copy", 10, stream)
    progress.advance(5)
    progress.print("found", stream)
    progress.clear()
    assert stream.getvalue() == "found\n"
