"""What of a disk is watched."""

from __future__ import annotations

from tests.agent.disks.conftest import FIXTURES
from vedette_agent.changes import Part, State
from vedette_agent.disks.device import Device
from vedette_agent.disks.document import parse_document
from vedette_agent.disks.health import part_of
from vedette_agent.disks.smartctl import DiskReport
from vedette_shared.events import Severity


def watched(name: str, device: Device) -> Part | None:
    return part_of(DiskReport(device, parse_document((FIXTURES / f"{name}.json").read_bytes())))


def test_failing_ata() -> None:
    assert watched("usb-wd-scorpio-failing", Device("/dev/sdb", "usbjmicron")) == Part(
        "WDC WD3200BEVT-60ZCT0/SERIAL-SCORPIO",
        "disk sdb (WDC WD3200BEVT-60ZCT0 SERIAL-SCORPIO)",
        "sdb",
        {"device": "sdb", "model": "WDC WD3200BEVT-60ZCT0", "serial": "SERIAL-SCORPIO"},
        {
            "SMART health": State("failed", Severity.CRITICAL),
            "attributes at their threshold": State("Reallocated_Sector_Ct", Severity.WARNING),
        },
        {
            "reallocated sectors": 535,
            "reported uncorrectable errors": 84,
            "pending sectors": 1,
            "uncorrectable sectors": 0,
        },
    )


def test_sas() -> None:
    part = watched("megaraid-toshiba-al15", Device("/dev/bus/0", "megaraid,0"))
    assert part is not None
    assert part.states == {"SMART health": State("passed")}
    assert part.counters == {
        "grown defects": 0,
        "uncorrected read errors": 0,
        "uncorrected write errors": 0,
        "uncorrected verify errors": 0,
    }


def test_critical_warnings() -> None:
    document = {"nvme_smart_health_information_log": {"critical_warning": 0b1000101, "media_errors": 7}}
    words = "spare capacity is low, reliability is degraded, bits 0x40"
    assert part_of(DiskReport(Device("/dev/nvme0", "nvme"), document)) == Part(
        "nvme0",
        "disk nvme0",
        "nvme0",
        {"device": "nvme0"},
        {"critical warning": State(words, Severity.CRITICAL)},
        {"media errors": 7},
    )


def test_asleep() -> None:
    """Nothing is known of how it is now."""
    assert part_of(DiskReport(Device("/dev/sda", "sat"), {"smart_status": {"passed": False}}, "STANDBY")) is None
