"""What is exchanged in a machine is told, over restarts, with what it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from vedette_agent.machine import MachineFollower
from vedette_agent.machine.hardware import DISK
from vedette_shared.clock import ManualClock
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

Rows = Mapping[str, Sequence[Mapping[str, str]]]

DMI = {"system_vendor": "Dell Inc.", "product_name": "R650", "product_serial": "ABC", "bios_version": "1.9.2"}
DIMMS = [
    {"locator": "A1", "manufacturer": "Micron", "part": "18A", "serial": "111"},
    {"locator": "A2", "manufacturer": "Micron", "part": "18A", "serial": "222"},
]
DISKS = [
    {"device": "sda", "model": "X16", "serial": "S1", "firmware": "1"},
    {"device": "sdb", "model": "X16", "serial": "S2", "firmware": "1"},
]
NICS = [{"device": "eth0", "address": "aa:bb", "driver": "igb", "firmware": "3.2"}]
MACHINE: Rows = {
    "node_dmi_info": [DMI],
    "node_identity_dimm_info": DIMMS,
    "node_identity_disk_info": DISKS,
    "node_identity_network_info": NICS,
    "node_load1": [{}],
}


def families(rows: Rows) -> list[MetricFamily]:
    made = []
    for name, samples in rows.items():
        family = gauge(name, "")
        for labels in samples:
            family.add(1.0, make_labels(labels))
        made.append(family)
    return made


async def follow(folder: Path, rows: Rows, without: Sequence[str] = ()) -> list[str]:
    """What an agent tells that sees ``rows`` for a while."""
    follower = MachineFollower(folder, folder / "proc", ManualClock(0), without)
    told = []
    for _ in range(4):
        follower.offer(families(rows))
        await follower.look()
        told += [f"{event.severity.value}: {event.text}" for event in follower.take_events()]
        follower.events_kept()
    follower.close()
    return told


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"node_dmi_info": [DMI | {"bios_version": "2.0"}]}, ["info: machine: bios_version is 2.0, was 1.9.2"]),
        ({"node_dmi_info": [{"system_vendor": "Dell Inc."}]}, []),
        (
            {"node_identity_dimm_info": [DIMMS[0], DIMMS[1] | {"serial": "333"}]},
            ["info: memory module A2: serial is 333, was 222"],
        ),
        ({"node_identity_dimm_info": DIMMS[:1]}, ["warning: memory module A2 is gone"]),
        ({"node_identity_dimm_info": []}, []),
        (
            {"node_identity_disk_info": [DISKS[0] | {"device": "sdb"}, DISKS[1] | {"device": "sda"}]},
            [],
        ),
        (
            {"node_identity_disk_info": [DISKS[0], DISKS[1] | {"serial": "S3"}]},
            ["info: disk sdb (X16 S3) has appeared", "warning: disk sdb (X16 S2) is gone"],
        ),
        (
            {"node_identity_disk_info": [DISKS[0] | {"firmware": "2"}, DISKS[1]]},
            ["info: disk sda (X16 S1): firmware is 2, was 1"],
        ),
        (
            {"node_identity_network_info": [NICS[0] | {"address": "cc:dd"}]},
            ["info: network adapter eth0: address is cc:dd, was aa:bb"],
        ),
    ],
)
async def test_change_over_a_restart(tmp_path: Path, change: Rows, expected: list[str]) -> None:
    """Of the first look there is nothing to tell; what cannot be read any more is not gone."""
    assert await follow(tmp_path, MACHINE) == []
    assert await follow(tmp_path, {**MACHINE, **change}) == expected
    assert await follow(tmp_path, {**MACHINE, **change}) == []


async def test_disks_that_another_source_watches(tmp_path: Path) -> None:
    assert await follow(tmp_path, MACHINE, [DISK]) == []
    assert await follow(tmp_path, {**MACHINE, "node_identity_disk_info": DISKS[:1]}, [DISK]) == []
