"""Records of a system event log as events: literal bytes in, events out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vedette_agent.ipmi.raw import CommandError
from vedette_agent.ipmi.readings import SelCursor, SelNews
from vedette_agent.ipmi.sel import event_time, sel_events
from vedette_agent.ipmi.sel_log import MOST_RECORDS, news_in, read_news
from vedette_shared.events import Event, Severity

NOW_S = 1_790_000_000
NOW_MS = NOW_S * 1000
NAMES = {(0x20, 2): "CPU1 Temp", (0x20, 0x21): "PS2 Status"}


def entry(number: int, kind: int, sensor: int, event_type: int, data: int, *, time: int = NOW_S - 5) -> bytes:
    stamp = time.to_bytes(4, "little")
    return bytes((*number.to_bytes(2, "little"), 2, *stamp, 0x20, 0, 4, kind, sensor, event_type, data, 0xFF, 0xFF))


@pytest.mark.parametrize(
    ("kind", "sensor", "event_type", "data", "severity", "text"),
    [
        (1, 2, 0x01, 0x59, Severity.CRITICAL, "CPU1 Temp (Temperature): above its upper critical threshold"),
        (1, 2, 0x01, 0x57, Severity.WARNING, "CPU1 Temp (Temperature): above its upper non-critical threshold"),
        (1, 2, 0x81, 0x59, Severity.INFO, "CPU1 Temp (Temperature): above its upper critical threshold: ended"),
        (8, 0x21, 0x6F, 0x03, Severity.CRITICAL, "PS2 Status (Power Supply): input lost"),
        (8, 0x21, 0x6F, 0x00, Severity.INFO, "PS2 Status (Power Supply): present"),
        (8, 0x99, 0x0B, 0x01, Severity.CRITICAL, "sensor 0x99 (Power Supply): redundancy lost"),
        (0x10, 0x21, 0x6F, 0x02, Severity.INFO, "PS2 Status (Event Logging Disabled): log cleared"),
        (0xC1, 0x21, 0x70, 0x04, Severity.INFO, "PS2 Status (OEM Reserved): event 0x70, offset 4"),
    ],
)
def test_words_and_severity(kind: int, sensor: int, event_type: int, data: int, severity: Severity, text: str) -> None:
    news = SelNews((entry(7, kind, sensor, event_type, data),), SelCursor(), NOW_S, NAMES)
    name, _, rest = text.partition(" (")
    labels = {"record": "7", "sensor": name, "type": rest.partition(")")[0]}
    assert sel_events(news, NOW_MS, "web1") == [Event(NOW_MS - 5000, "ipmi", severity, text, "web1", labels)]


def test_record_of_a_manufacturer() -> None:
    record = bytes((1, 0, 0xE1, *range(13)))
    [event] = sel_events(SelNews((record,), SelCursor()), NOW_MS)
    text = "record of the manufacturer's own kind 0xe1: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c"
    assert event == Event(NOW_MS, "ipmi", Severity.INFO, text, "", {"record": "1"})


@pytest.mark.parametrize(
    ("seconds", "bmc_seconds", "time"),
    [
        (NOW_S - 5, NOW_S, NOW_MS - 5000),
        (NOW_S - 5, NOW_S + 20, NOW_MS - 5000),  # a clock that is right enough
        (NOW_S + 7195, NOW_S + 7200, NOW_MS - 5000),  # one of another time zone
        (1000, 1005, NOW_MS - 5000),  # one that counts from the start of the BMC
        (1000, NOW_S, NOW_MS),  # before that, and the clock has been set since
        (1000, None, NOW_MS),
        (NOW_S + 60, None, NOW_MS),  # the future
        (NOW_S - 5, None, NOW_MS - 5000),
        (0xFFFFFFFF, NOW_S, NOW_MS),  # unspecified
    ],
)
def test_time(seconds: int, bmc_seconds: int | None, time: int) -> None:
    assert event_time(seconds, bmc_seconds, NOW_MS) == time


class Log:
    """A BMC that has nothing but a log."""

    def __init__(self, count: int) -> None:
        self.records = [entry(number, 1, 2, 1, 0x59) for number in range(1, count + 1)]
        self.erased = 0

    def __call__(self, netfn: int, command: int, data: Sequence[int] = (), lun: int = 0) -> bytes:
        if command == 0x40:
            return bytes((0x51, *len(self.records).to_bytes(2, "little"), *bytes(6))) + self.erased.to_bytes(
                4, "little"
            )
        if command == 0x48:
            return NOW_S.to_bytes(4, "little")
        wanted = data[2] | data[3] << 8
        numbers = [record[0] | record[1] << 8 for record in self.records]
        at = {0: 0, 0xFFFF: len(numbers) - 1}.get(wanted, numbers.index(wanted) if wanted in numbers else -1)
        if not 0 <= at < len(numbers):
            raise CommandError(0xCB, "not present")
        following = numbers[at + 1] if at + 1 < len(numbers) else 0xFFFF
        return following.to_bytes(2, "little") + self.records[at]


def read(log: Log, cursor: SelCursor | None) -> tuple[list[int], SelCursor]:
    news = read_news(log, cursor, dict)
    return [record[0] | record[1] << 8 for record in news.records], news.cursor


def test_first_reading_begins_at_the_end() -> None:
    log = Log(500)
    numbers, cursor = read(log, None)
    assert numbers == []
    log.records.append(entry(501, 1, 2, 1, 0x59))
    numbers, cursor = read(log, cursor)
    assert numbers == [501]
    assert read(log, cursor) == ([], cursor)


def test_empty_log() -> None:
    log = Log(0)
    _, cursor = read(log, None)
    log.records = Log(2).records
    assert read(log, cursor)[0] == [1, 2]


def test_cleared_log() -> None:
    """Also one whose first record is numbered and dated as that of the cursor."""
    log = Log(3)
    _, cursor = read(log, None)
    log.records, log.erased = Log(3).records, NOW_S
    assert read(log, cursor)[0] == [1, 2, 3]
    log.records, log.erased = [], NOW_S + 1
    assert read(log, cursor) == ([], SelCursor("", NOW_S + 1))


def test_cursor_of_tools() -> None:
    """Which do not ask when the log was cleared: a change to another way to the same BMC goes on behind it."""
    log = Log(3)
    log.erased = NOW_S
    cursor = news_in(log.records[:2], None).cursor
    assert read(log, cursor) == ([3], SelCursor(log.records[2].hex(), NOW_S))


def test_wrapped_log() -> None:
    """The record of the cursor has been written over: all that is there is new."""
    log = Log(3)
    _, cursor = read(log, None)
    log.records = Log(6).records[3:]
    assert read(log, cursor)[0] == [4, 5, 6]


def test_many_are_read_in_parts() -> None:
    log = Log(1)
    _, cursor = read(log, None)
    log.records = Log(150).records
    found = []
    for _ in range(4):
        numbers, cursor = read(log, cursor)
        assert len(numbers) <= MOST_RECORDS
        found += numbers
    assert found == [*range(2, 151)]


def test_whole_log() -> None:
    records = Log(150).records
    _, cursor = [], news_in(records[:1], None).cursor
    found: list[bytes] = []
    for _ in range(4):
        news = news_in(records, cursor)
        cursor = news.cursor
        found += news.records
    assert found == records[1:]
    assert news_in(records[100:103], SelCursor(records[0].hex())).records == tuple(records[100:103])
    assert news_in([], cursor).cursor == SelCursor()
