"""Entries of log services as events: once each, in their order, from where they were left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.agent.redfish.running import Service
from vedette_agent.ipmi.readings import SelCursor
from vedette_agent.redfish.log import MOST_ENTRIES, choose_log, news_of
from vedette_shared.events import Event, Severity

Serve = Callable[[str], Service]
LOG = "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel"
ENTRIES = f"{LOG}/Entries"
NOW = 1_800_000_000_000


def entry(number: int, created: str | None = "", **more: Any) -> dict[str, Any]:
    """One of the day ``number`` of 2026, unless it is ``created`` at another time."""
    when = f"2026-01-{number:02}T00:00:00Z" if created == "" else created
    return {"Id": str(number), "Created": when, "Severity": "Warning", "Message": f"m{number}", **more}


def texts(entries: list[dict[str, Any]], cursor: SelCursor | None) -> tuple[list[str], str]:
    news = news_of(entries, cursor, LOG, NOW)
    return [event.text for event in news.events], news.cursor.last


def at(number: int) -> SelCursor:
    return SelCursor(f"{number} 2026-01-{number:02}T00:00:00Z", log=LOG)


@pytest.mark.parametrize(
    ("numbers", "cursor", "expected", "last"),
    [
        pytest.param([1, 2], None, [], 2, id="first reading: nothing is new"),
        pytest.param([1, 2, 3], at(1), ["m2", "m3"], 3, id="oldest first"),
        pytest.param([3, 2, 1], at(1), ["m2", "m3"], 3, id="newest first"),
        pytest.param([1, 2], at(2), [], 2, id="nothing new"),
        pytest.param([4], at(3), ["m4"], 4, id="cleared: all are new"),
        pytest.param([4], SelCursor("3", log="another"), [], 4, id="another log: begin at its end"),
    ],
)
def test_news(numbers: list[int], cursor: SelCursor | None, expected: list[str], last: int) -> None:
    assert texts([entry(number) for number in numbers], cursor) == (expected, at(last).last)


def test_an_empty_log_that_fills() -> None:
    empty = news_of([], None, LOG, NOW).cursor
    assert texts([entry(1)], empty) == (["m1"], at(1).last)


def test_many_come_in_turn() -> None:
    entries = [entry(number, f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z") for number in range(100)]
    first = news_of(entries, SelCursor("", log=LOG), LOG, NOW)
    second = news_of(entries, first.cursor, LOG, NOW)
    assert len(first.events) == MOST_ENTRIES
    assert [event.text for event in first.events + second.events] == [f"m{number}" for number in range(100)]


@pytest.mark.parametrize(
    ("created", "time"),
    [
        ("2026-03-02T08:00:00-06:00", 1_772_460_000_000),
        ("2026-03-02T14:00:00", 1_772_460_000_000),
        (None, NOW),
        ("yesterday", NOW),
        ("2099-01-01T00:00:00Z", NOW),
        ("1970-01-01T00:00:00Z", NOW),
    ],
)
def test_event(created: str | None, time: int) -> None:
    """The time that the BMC tells, or that at which the entry was seen where that cannot be."""
    row = entry(7, created, Severity="Critical", Message="line one\n line two", SensorType="Fan", MessageId="FAN0001")
    news = news_of([row], SelCursor("", log=LOG), LOG, NOW)
    labels = {"record": "7", "type": "Fan", "message": "FAN0001"}
    assert news.events == (Event(time, "ipmi", Severity.CRITICAL, "line one line two", "", labels),)


@pytest.mark.parametrize(
    ("services", "chosen"),
    [
        ([{"Id": "Lclog"}, {"Id": "Sel"}], "Sel"),
        ([{"Id": "EventLog"}, {"Id": "Oem", "LogEntryType": "SEL"}], "Oem"),
        ([{"Id": "IEL"}, {"Id": "IML"}], "IML"),
        ([{"Id": "PostCodes"}, {"Id": "EventLog"}], "EventLog"),
        ([{"Id": "Dump"}, {"Id": "Lclog"}], None),
        ([], None),
    ],
)
def test_which_log(services: list[dict[str, Any]], chosen: str | None) -> None:
    service = choose_log(services)
    assert (service["Id"] if service else None) == chosen


async def test_events_over_a_restart_and_a_crash(serve: Serve, tmp_path: Path) -> None:
    """What nobody has kept is told again, with the ids that it had; what was kept is told once."""
    service, file = serve("dell"), tmp_path / "sel" / "cursor.json"
    source = service.source(("sel",), cursor_file=file)
    for _ in range(2):
        await source.collect()
        assert source.take_events() == []
        source.events_kept()
    service.tell(replace={ENTRIES: {"Members": [entry(9), entry(8)], "Members@odata.count": 2}})
    await source.collect()
    told = source.take_events()
    assert [(event.text, event.host) for event in told] == [("m8", "web1"), ("m9", "web1")]
    assert len({event.id for event in told}) == 2
    crashed = service.source(("sel",), cursor_file=file)
    await crashed.collect()
    assert crashed.take_events() == told
    source.events_kept()
    await source.collect()
    assert source.take_events() == []
    again = service.source(("sel",), cursor_file=file)
    service.tell(replace={ENTRIES: {"Members": [entry(10), entry(9), entry(8)], "Members@odata.count": 3}})
    await again.collect()
    assert [event.text for event in again.take_events()] == ["m10"]


async def test_the_end_of_a_long_log_is_read_alone(serve: Serve) -> None:
    """A log of ten thousand entries, oldest first, in pages: its first page, and its last."""
    service = serve("dell")
    first = {"Members": [entry(1), entry(2)], "Members@odata.count": 10_000}
    service.tell(replace={ENTRIES: {**first, "Members@odata.nextLink": f"{ENTRIES}?$skip=2"}})
    await service.bmc().read(("sel",))
    asked = [request for request in service.requests if ENTRIES in request]
    assert asked[:2] == [f"GET {ENTRIES}", f"GET {ENTRIES}?$skip=9744"]
