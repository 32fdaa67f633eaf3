"""What happened in the fleet, as the API tells it, and a window on the newest of it that goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

MOST = 1000
"""As many events does an answer hold at the most, and a feed."""


class Event(msgspec.Struct, frozen=True):
    """One event; moments in ms since the epoch, ``received`` 0 where it is not told."""

    id: int
    time: int
    host: str
    source: str
    severity: str
    text: str
    labels: Mapping[str, str] = {}
    agent: str = ""
    received: int = 0


class EventPage(msgspec.Struct, frozen=True):
    """An answer, as of the server's ``time`` (ms): events, newest first, and the id of the last to arrive of all.

    ``next`` asks for older ones; ``None`` where there are none.
    """

    time: int
    events: tuple[Event, ...]
    last: int
    next: str | None = None


@dataclass(frozen=True, slots=True)
class EventFeed:
    """The newest events, to which the server is asked to add what has arrived since.

    Attributes:
        host: Of which host; empty for all.
        severity: At least so much; empty for all.
        events: Newest first, at most ``MOST``.
        last: The id of the last to arrive in the fleet; ``None`` before the first answer.
        has_older: Whether the server has older ones.
    """

    host: str = ""
    severity: str = ""
    events: tuple[Event, ...] = ()
    last: int | None = None
    has_older: bool = False

    def question(self) -> dict[str, str]:
        """Return the parameters to ask with next."""
        parameters = {"limit": str(MOST), "host": self.host, "severity": self.severity}
        if self.last is not None:
            parameters["arrived_after"] = str(self.last)
        return {name: value for name, value in parameters.items() if value}

    def answered(self, page: EventPage) -> EventFeed:
        """Return the feed with what ``page``, the answer to ``question``, has told.

        A server whose last arrival lies before the feed's has begun anew, and so does the feed.
        """
        if self.last is not None and page.last < self.last:
            return EventFeed(self.host, self.severity)
        # Late events belong further down: the order is that of when they happened.
        events = sorted((*page.events, *self.events), key=lambda event: (event.time, event.id), reverse=True)
        has_older = self.has_older or page.next is not None or len(events) > MOST
        return replace(self, events=tuple(events[:MOST]), last=page.last, has_older=has_older)
