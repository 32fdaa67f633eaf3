"""What smartctl tells as smartctl_exporter's metrics."""

from __future__ import annotations

import os

import pytest

from tests.agent.disks.conftest import FIXTURES
from vedette_agent.disks.device import Device
from vedette_agent.disks.document import parse_document
from vedette_agent.disks.families import disk_families
from vedette_agent.disks.smartctl import DiskReport
from vedette_agent.documents import Document
from vedette_agent.sources.refresh import Refreshed
from vedette_shared.exposition import write_text
from vedette_shared.metrics import Sample

DISKS = {
    "nvme-micron-7450": Device("/dev/nvme11", "nvme"),
    "sat-seagate-exos-x16": Device("/dev/sdc", "sat"),
    "megaraid-toshiba-al15": Device("/dev/bus/0", "megaraid,0"),
    "usb-wd-scorpio-failing": Device("/dev/sdb", "usbjmicron"),
}


def samples(document: Document, asleep: str = "", device: Device = DISKS["sat-seagate-exos-x16"]) -> list[Sample]:
    result = Refreshed(DiskReport(device, document, asleep), 0.0, 0.25)
    return [sample for family in disk_families({device.label: result}, 1) for sample in family.samples]


def values(document: Document, name: str, asleep: str = "") -> dict[str, float]:
    """The values of one metric, by their labels beside the device's."""
    return {
        ",".join(value for key, value in sample.labels if key != "device"): sample.value
        for sample in samples(document, asleep)
        if sample.name == name
    }


@pytest.mark.parametrize("name", DISKS)
def test_page(name: str) -> None:
    """Each recorded answer makes the page beside it; VEDETTE_WRITE_GOLDEN=1 writes it anew."""
    device = DISKS[name]
    report = DiskReport(device, parse_document((FIXTURES / f"{name}.json").read_bytes()))
    page = write_text(disk_families({device.label: Refreshed(report, 0.0, 0.25)}, 1))
    golden = FIXTURES / f"{name}.prom"
    if os.environ.get("VEDETTE_WRITE_GOLDEN"):
        golden.write_bytes(page)
    assert golden.read_bytes() == page


def test_statistics() -> None:
    """Vendors' own tables are left out: their rows repeat names. So are statistics that a disk does not keep."""
    flags = {"string": "V---", "valid": True, "normalized": False}
    table = [{"name": "Lifetime Power-On Resets", "value": 196, "flags": flags}, {"name": "Spindle", "flags": flags}]
    document = {
        "ata_device_statistics": {
            "pages": [
                {"number": 1, "name": "General Statistics", "table": table},
                {"number": 255, "name": "Vendor Specific Statistics", "table": table},
            ]
        },
        "sata_phy_event_counters": {"table": [{"id": 1, "name": "ICRC error", "value": 3}] * 2},
    }
    assert values(document, "smartctl_device_statistics") == {
        "valid,V---,Lifetime Power-On Resets,General Statistics": 196.0,
        "valid,V---,ICRC error,SATA PHY Event Counters": 3.0,
    }


def test_state_and_recovery() -> None:
    document = {
        "ata_sct_status": {"device_state": {"value": 3, "string": "Self-test"}},
        "ata_sct_erc": {"read": {"enabled": True, "deciseconds": 70}, "write": {"enabled": False}},
    }
    assert values(document, "smartctl_device_state") == {"": 3.0}
    assert values(document, "smartctl_device_erc_seconds") == {"read": 7.0}


def test_asleep() -> None:
    """What it told when it was awake stands, but for its temperature."""
    document = {"temperature": {"current": 39}, "power_cycle_count": 5, "ata_sct_status": {"device_state": 0}}
    assert values(document, "smartctl_device_state", "STANDBY") == {"": 1.0}
    assert values(document, "smartctl_device_temperature", "STANDBY") == {}
    assert values(document, "smartctl_device_power_cycle_count", "STANDBY") == {"": 5.0}
    assert [sample.name for sample in samples({}, "SLEEP")] == [
        "smartctl_devices",
        "smartctl_device_state",
        "vedette_agent_disk_success",
        "vedette_agent_disk_duration_seconds",
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"smartctl": []},
        {"smartctl": {"exit_status": "x", "version": 7}, "temperature": [1], "interface_speed": {"max": 5}},
        {"ata_smart_attributes": {"table": [1, {"id": "x", "raw": {"value": []}}]}, "device": {"protocol": 3}},
        {"ata_device_statistics": {"pages": {"name": 1}}, "ata_smart_error_log": {"summary": {"count": None}}},
        {"device": {"protocol": "NVMe"}, "nvme_smart_health_information_log": 7},
    ],
)
def test_odd_documents(document: Document) -> None:
    """Fields of another form than they should have are as good as absent."""
    names = {sample.name for sample in samples(document)}
    assert names <= {
        "smartctl_devices",
        "smartctl_device",
        "vedette_agent_disk_success",
        "vedette_agent_disk_duration_seconds",
    }
