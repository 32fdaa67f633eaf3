"""Whether the server answers, since when it does not, and what time it is there. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vedette_tui.formatting import format_clock
from vedette_tui.spans import Line, Span


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of the way to the server; moments in ms since the epoch, by the terminal's clock if not said.

    Attributes:
        address: The server's URL, fit to show.
        reached_at: When the last good answer came.
        away_since: When the first of the failures since then came; ``None`` while all is well.
        problem: What the last failure was.
        silent: Whether nothing answered at all, rather than an answer that cannot be used.
        server_time: The server's time in the last good answer.
        server_time_at: The monotonic seconds when that was.
    """

    address: str
    reached_at: int | None = None
    away_since: int | None = None
    problem: str = ""
    silent: bool = True
    server_time: int = 0
    server_time_at: float = 0.0

    def reached(self, now_ms: int, server_time: int, monotonic: float) -> Link:
        """Return the link after a good answer."""
        return Link(self.address, reached_at=now_ms, server_time=server_time, server_time_at=monotonic)

    def failed(self, now_ms: int, problem: str, *, silent: bool) -> Link:
        """Return the link after a failure."""
        since = now_ms if self.away_since is None else self.away_since
        return replace(self, away_since=since, problem=problem, silent=silent)

    @property
    def is_away(self) -> bool:
        """Whether what is on the screen is old."""
        return self.away_since is not None

    def server_now(self, monotonic: float) -> int:
        """Return the server's time now, as far as it is known: clocks may differ, ages must not."""
        return self.server_time + round((monotonic - self.server_time_at) * 1000)


def status_line(link: Link) -> Line:
    """Return the one line that says how things stand with the server."""
    if link.away_since is not None:
        since = format_clock(link.away_since)
        if link.silent:
            return (
                Span(" server away", "crit"),
                Span(f" since {since}, trying again: {link.address} ({link.problem})"),
            )
        return (Span(" server fails", "crit"), Span(f" since {since}, trying again: {link.problem} ({link.address})"))
    if link.reached_at is None:
        return (Span(f" asking {link.address} …", "dim"),)
    return (Span(" live", "ok"), Span(f"  {link.address}, as of {format_clock(link.reached_at)}", "dim"))
