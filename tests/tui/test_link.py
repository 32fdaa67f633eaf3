"""What is known of the way to the server, and the line that says it."""

from __future__ import annotations

from vedette_tui.link import Link, status_line
from vedette_tui.spans import plain

START = Link("http://h:1")
REACHED = START.reached(43_384_000, server_time=1_000, monotonic=5.0)


def test_the_status_line_tells_how_things_stand() -> None:
    """Asked, reached, away, back; the moment of the first failure stays."""
    away = REACHED.failed(43_386_000, "connection refused", silent=True)
    longer = away.failed(43_400_000, "no answer in 10 s", silent=True)
    fails = REACHED.failed(43_386_000, "the store is full", silent=False)
    back = longer.reached(43_402_000, server_time=19_000, monotonic=23.0)
    assert [plain(status_line(link)) for link in (START, REACHED, away, longer, fails, back)] == [
        " asking http://h:1 …",
        " live  http://h:1, as of 12:03:04",
        " server away since 12:03:06, trying again: http://h:1 (connection refused)",
        " server away since 12:03:06, trying again: http://h:1 (no answer in 10 s)",
        " server fails since 12:03:06, trying again: the store is full (http://h:1)",
        " live  http://h:1, as of 12:03:22",
    ]
    assert [link.is_away for link in (START, REACHED, away, fails, back)] == [False, False, True, True, False]


def test_ages_are_counted_by_the_servers_clock() -> None:
    """It runs on with monotonic time, also while the server is away."""
    assert REACHED.server_now(7.5) == 3_500
    assert REACHED.failed(0, "gone", silent=True).server_now(65.0) == 61_000
