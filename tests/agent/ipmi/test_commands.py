"""How a BMC is asked, against one that is a table of answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from tests.agent.ipmi.records import CELSIUS, TEMPERATURE, Analog, Discrete, record
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.commands import BmcReader
from vedette_agent.ipmi.raw import CommandError
from vedette_agent.ipmi.readings import BmcInfo, BmcReport, Chassis, SelInfo, SensorReading, Watchdog

DEVICE = bytes((0x20, 0x81, 9, 0x08, 2, 0xBF, 0xA2, 0x02, 0, 1, 0))
RECORDS = [
    record(1, 1, Analog(0x01, "CPU", TEMPERATURE, CELSIUS, 0).body()),
    record(2, 2, Discrete(0x21, "PS2", 0x08, 0, 0x4B).body()),
]
READY = 0xC0


class Table:
    """A BMC of tables: ``answers`` by network function and command, ``readings`` by the number of a sensor."""

    def __init__(self, *, most_bytes: int = 0xFF) -> None:
        self.answers: dict[tuple[int, int], bytes | int] = {
            (0x06, 0x01): DEVICE,
            (0x06, 0x59): b"\x11\x00\x00\x062.6.1\0" + bytes(8),
            (0x00, 0x01): b"\x21\x00\x08",
            (0x2C, 0x02): bytes((0xDC, 0x60, 0x01, *bytes(14), 0x40)),
            (0x0A, 0x40): bytes((0x51, 6, 0, 0x20, 0x3E)),
            (0x0A, 0x43): 0xCB,
            (0x0A, 0x20): bytes((0x51, 2, 0, *bytes(9), 0, 0)),
            (0x0A, 0x22): b"\x01\x00",
        }
        self.readings: dict[int, bytes | int] = {
            0x01: bytes((51, READY, 0xC0, 0)),
            0x21: bytes((0, READY, 0x09, 0x80)),
        }
        self.asked: list[tuple[int, int]] = []
        self.most_bytes = most_bytes

    def __call__(self, netfn: int, command: int, data: Sequence[int] = (), lun: int = 0) -> bytes:
        self.asked.append((netfn, command))
        if (netfn, command) in ((0x0A, 0x23), (0x04, 0x21)):
            return self._part_of_record(*data[2:])
        answer = self.readings[data[0]] if (netfn, command) == (0x04, 0x2D) else self.answers[netfn, command]
        if isinstance(answer, int):
            raise CommandError(answer, "so it is")
        return answer

    def _part_of_record(self, low: int, high: int, offset: int, size: int) -> bytes:
        at = max((low | high << 8) - 1, 0)
        if size > self.most_bytes:
            raise CommandError(0xCA, "too many bytes")
        following = (at + 2).to_bytes(2, "little") if at + 1 < len(RECORDS) else b"\xff\xff"
        return following + RECORDS[at][offset : offset + size]


SENSORS = (
    SensorReading(1, "CPU", "Temperature", 0.0, 51.0, "C"),
    SensorReading(2, "PS2", "Power Supply", 2.0),
)


def plain(sensors: tuple[SensorReading, ...] | None) -> list[tuple[object, ...]]:
    """Sensors that can be compared: NaN as ``None``."""
    return [
        (s.id, s.name, s.type, *(None if math.isnan(n) else n for n in (s.state, s.value)), s.unit)
        for s in sensors or ()
    ]


@pytest.mark.parametrize("most_bytes", [0xFF, 64, 40, 32, 16])
def test_everything(most_bytes: int) -> None:
    """All that a BMC tells, also by one that gives its records in small pieces alone."""
    report = BmcReader().read(Table(most_bytes=most_bytes), ("ipmi", "bmc", "chassis", "dcmi", "sel"))
    assert plain(report.sensors) == plain(SENSORS)
    assert (report.info, report.chassis, report.watts, report.sel, report.errors) == (
        BmcInfo("9.08", "Dell Inc. (674)", "2.6.1"),
        Chassis(True, drive_fault=False, cooling_fault=True),
        352.0,
        SelInfo(6, 0x3E20),
        {},
    )


@pytest.mark.parametrize(
    ("most_bytes", "requests"),
    [
        (0xFF, 2),  # a record each
        (64, 1 + 2 * 2),  # the header and the rest of each, after one refusal
        (32, 2 + 2 * 3 - 1),
        (16, 4 + 2 * 4 - 1),
    ],
)
def test_records_are_read_in_parts_as_large_as_they_come(most_bytes: int, requests: int) -> None:
    """A BMC that refuses is asked for less from then on."""
    table = Table(most_bytes=most_bytes)
    BmcReader().read(table, ("ipmi",))
    assert table.asked.count((0x0A, 0x23)) == requests


def test_refusal_is_the_collectors_own() -> None:
    """A BMC without DCMI, that does not tell of the system's firmware."""
    table = Table()
    table.answers[0x2C, 0x02] = 0xC1
    table.answers[0x06, 0x59] = 0xD4
    report = BmcReader().read(table, ("bmc", "dcmi"))
    refusal = "the BMC refuses: it knows no power by DCMI; leave dcmi out of ipmi.collectors (completion code 0xc1)"
    assert report == BmcReport(info=BmcInfo("9.08", "Dell Inc. (674)"), errors={"dcmi": refusal})


def test_watchdog() -> None:
    table = Table()
    table.answers[0x06, 0x25] = bytes.fromhex("44310f0008075802")
    assert BmcReader().read(table, ("bmc-watchdog",)) == BmcReport(
        watchdog=Watchdog(
            is_running=True, use=4, action=1, interrupt=3, logs=True, pretimeout=15.0, initial=180.0, present=60.0
        )
    )


def test_short_answer() -> None:
    table = Table()
    table.answers[0x0A, 0x40] = b"\x51"
    assert BmcReader().read(table, ("sel",)).errors == {"sel": "the BMC's answer is too short"}


def test_power_that_is_not_measured() -> None:
    table = Table()
    table.answers[0x2C, 0x02] = bytes((0xDC, *bytes(17)))
    assert BmcReader().read(table, ("dcmi",)) == BmcReport(watts=None)


@pytest.mark.parametrize(
    "reading",
    [
        0xCB,  # refused
        bytes((51, 0x80, 0, 0)),  # switched off
        bytes((51, 0xE0, 0, 0)),  # no reading just now
    ],
)
def test_sensor_without_reading(reading: bytes | int) -> None:
    """It is left out."""
    table = Table()
    table.readings[0x01] = reading
    assert plain(BmcReader().read(table, ("ipmi",)).sensors) == plain(SENSORS[1:])


def test_records_are_kept() -> None:
    """They are read again when the BMC says that they have changed."""
    table, reader = Table(), BmcReader()
    reader.read(table, ("ipmi",))
    table.asked.clear()
    reader.read(table, ("ipmi",))
    assert (0x0A, 0x23) not in table.asked
    table.answers[0x0A, 0x20] = bytes((0x51, 2, 0, *bytes(5), 1, *bytes(5)))
    reader.read(table, ("ipmi",))
    assert (0x0A, 0x23) in table.asked


def test_device_without_repository() -> None:
    """One that keeps the records of its own sensors alone is asked for those."""
    table = Table()
    table.answers[0x06, 0x01] = DEVICE[:5] + b"\x01" + DEVICE[6:]
    table.answers[0x04, 0x20] = b"\x02\x01"
    table.answers[0x04, 0x22] = b"\x01\x00"
    assert plain(BmcReader().read(table, ("ipmi",)).sensors) == plain(SENSORS)


def test_unreachable() -> None:
    """Where nothing answers, nothing more is asked."""
    asked = []

    def silent(netfn: int, command: int, data: Sequence[int] = (), lun: int = 0) -> bytes:
        asked.append((netfn, command))
        raise CollectorError("no answer")

    with pytest.raises(CollectorError, match="no answer"):
        BmcReader().read(silent, ("chassis", "sel"))
    assert asked == [(0x00, 0x01)]
