"""A feed of events keeps the newest, in the order in which they happened, however they arrive."""

from __future__ import annotations

import pytest

from vedette_tui.events import MOST, Event, EventFeed, EventPage


def event(number: int, time: int | None = None) -> Event:
    """An event that arrived as the ``number``-th, at a moment of its own."""
    return Event(number, number if time is None else time, "web1", "ipmi", "critical", f"{number}")


def page(*events: Event, last: int, older: str | None = None) -> EventPage:
    """An answer."""
    return EventPage(0, events, last, older)


@pytest.mark.parametrize(
    ("feed", "question"),
    [
        (EventFeed(), {"limit": "1000"}),
        (EventFeed("web1", "warning"), {"limit": "1000", "host": "web1", "severity": "warning"}),
        (EventFeed(last=0), {"limit": "1000", "arrived_after": "0"}),
        (EventFeed("web1", last=7), {"limit": "1000", "host": "web1", "arrived_after": "7"}),
    ],
)
def test_questions(feed: EventFeed, question: dict[str, str]) -> None:
    """First for the newest, then for what has arrived since."""
    assert feed.question() == question


def test_what_arrives_is_put_where_it_belongs() -> None:
    """The newest first by when they happened; a late one further down; two of one moment by their arrival."""
    feed = EventFeed("web1").answered(page(event(4), event(2), last=4))
    late, same = event(5, time=3), event(6, time=4)
    feed = feed.answered(page(same, late, last=6))
    assert feed == EventFeed("web1", events=(same, event(4), late, event(2)), last=6)
    assert feed.answered(page(last=9)) == EventFeed("web1", events=feed.events, last=9)


def test_only_the_newest_are_kept() -> None:
    """And it is known that there are older ones."""
    feed = EventFeed().answered(page(*map(event, range(MOST, 0, -1)), last=MOST))
    assert (len(feed.events), feed.has_older) == (MOST, False)
    feed = feed.answered(page(event(MOST + 1), last=MOST + 1))
    assert [event.id for event in feed.events] == [*range(MOST + 1, 1, -1)]
    assert feed.has_older
    assert EventFeed().answered(page(event(1), last=1, older="1.1")).has_older


def test_a_server_that_begins_anew() -> None:
    """Its ids run again from the start, so everything is asked for again."""
    feed = EventFeed("web1", "warning").answered(page(event(7), last=7))
    assert feed.answered(page(last=2)) == EventFeed("web1", "warning")
