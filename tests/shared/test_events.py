"""Events fit their bounds before they travel."""

from vedette_shared.events import MOST_BYTES, MOST_EVENTS, Event, Severity, event_bytes, fit_events


def event(number: int = 0, text: str = "text", **labels: str) -> Event:
    return Event(number, "ipmi", Severity.INFO, text, labels=labels)


def test_what_fits_stays_as_it_is() -> None:
    events = tuple(event(number, sensor="PS1") for number in range(MOST_EVENTS))
    assert fit_events(events) == (events, 0)


def test_the_oldest_go_when_there_are_too_many() -> None:
    events = [event(number) for number in range(MOST_EVENTS + 3)]
    assert fit_events(events) == (tuple(events[3:]), 3)


def test_the_oldest_go_when_they_are_too_large() -> None:
    events = [event(number, "x" * 1000) for number in range(MOST_EVENTS)]
    kept, left_out = fit_events(events)
    assert kept == tuple(events[left_out:])
    assert MOST_BYTES - event_bytes(events[0]) < sum(map(event_bytes, kept)) <= MOST_BYTES


def test_texts_are_cut_to_one_line_of_utf_8() -> None:
    odd = event(0, "a\nb\t" + "c" * 3000, **{"l" * 300: "\udcff"}, **{f"label{n:02}": "" for n in range(40)})
    (fitted,), left_out = fit_events([odd])
    assert (fitted.text, left_out) == ("a b " + "c" * 1995 + "…", 0)
    assert [*fitted.labels.items()][:2] == [("l" * 199 + "…", "?"), ("label00", "")]
    assert len(fitted.labels) == 32
