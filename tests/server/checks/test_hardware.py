"""The shipped checks of hardware, over pages that the agent makes of recorded devices, and series as it names them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.server.promql.memory import MemoryQuerier
from vedette_server.checks import CheckCycle, Fleet, load_checks
from vedette_server.promql import Engine, parse
from vedette_shared.clock import ManualClock
from vedette_shared.exposition import parse_text
from vedette_shared.labels import make_labels

AT = 1_700_000_000_000
AGENT = Path(__file__).parents[2] / "agent"
DISKS, TREES = AGENT / "disks" / "fixtures", AGENT / "redfish" / "trees"

Series = list[tuple[str, dict[str, str], float]]


def found(page: str, series: Series) -> dict[str, tuple[str, str]]:
    """State and summary of each service of a host that reports ``page`` and ``series``."""
    store = MemoryQuerier()
    store.add(make_labels(__name__="up", host="h1", job="node"), [(AT, 1.0)])
    for family in parse_text(page.encode()):
        for sample in family.samples:
            store.add(make_labels(sample.labels, __name__=sample.name, host="h1"), [(AT, sample.value)])
    for name, labels, value in series:
        store.add(make_labels(__name__=name, host="h1", **labels), [(AT, value)])
    engine, cycle = Engine(), CheckCycle(load_checks([], parse), parse, AT)
    cycle.see_hosts(engine.instant(store, cycle.seen, AT), AT)
    for name, query in cycle.queries.items():
        cycle.evaluate(name, engine.instant(store, query, AT), AT)
    services = Fleet(cycle, ManualClock(AT)).services("h1")
    return {service.service: (service.state, service.summary) for service in services}


SENSORS: Series = [
    ("ipmi_up", {"collector": "ipmi"}, 1.0),
    ("ipmi_up", {"collector": "dcmi"}, 0.0),
    ("ipmi_temperature_state", {"id": "2", "name": "CPU1"}, 0.0),
    ("ipmi_temperature_state", {"id": "3", "name": "CPU2"}, math.nan),
    ("ipmi_fan_speed_state", {"id": "4", "name": "Fan1"}, 0.0),
    ("ipmi_fan_speed_state", {"id": "5", "name": "Fan2"}, 2.0),
    ("ipmi_sensor_state", {"id": "6", "name": "PS2", "type": "Power Supply"}, 1.0),
    ("ipmi_voltage_state", {"id": "7", "name": "odd"}, math.nan),
]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (
            SENSORS,
            {
                "BMC": ("OK", "0 cannot be read"),
                "BMC temperature": ("OK", "worst state 0"),
                "BMC fan_speed": ("CRIT", "worst state 2 (warn/crit at 1/2)"),
                "BMC sensor": ("WARN", "worst state 1 (warn/crit at 1/2)"),
            },
        ),
        (
            [("ipmi_up", {"collector": "ipmi", "job": "ipmi"}, 0.0)],
            {"BMC": ("WARN", "1 cannot be read (warn/crit at 1/never)")},
        ),
        (
            [
                (
                    "vedette_raid_state",
                    {"tool": "storcli", "controller": "0", "kind": kind, "id": at, "state": state},
                    v,
                )
                for kind, at, state, v in (
                    ("array", "0", "Dgrd", 2.0),
                    ("disk", "1", "Onln", 0.0),
                    ("disk", "2", "Rbld", 1.0),
                )
            ],
            {
                "RAID storcli 0 array": ("CRIT", "worst state 2 (warn/crit at 1/2)"),
                "RAID storcli 0 disk": ("WARN", "worst state 1 (warn/crit at 1/2)"),
            },
        ),
        (
            [
                ("node_md_disks_required", {"device": "md0"}, 2.0),
                ("node_md_disks", {"device": "md0", "state": "active"}, 2.0),
                ("node_md_disks", {"device": "md0", "state": "spare"}, 1.0),
                ("node_md_disks_required", {"device": "md1"}, 6.0),
                ("node_md_disks", {"device": "md1", "state": "active"}, 5.0),
                ("node_md_disks", {"device": "md1", "state": "failed"}, 1.0),
            ],
            {
                "Array md0": ("OK", "0 of its disks missing"),
                "Array md1": ("CRIT", "1 of its disks missing (warn/crit at 1/1)"),
            },
        ),
        (
            [
                ("node_zfs_zpool_state", {"zpool": pool, "state": state}, float(state == now))
                for pool, now in (("tank", "online"), ("old", "degraded"), ("gone", "faulted"))
                for state in ("online", "degraded", "faulted", "offline", "removed", "unavail", "suspended")
            ],
            {
                "ZFS pool tank": ("OK", "state 0: 0 is online, 1 degraded, 2 not to be used"),
                "ZFS pool old": ("WARN", "state 1: 0 is online, 1 degraded, 2 not to be used (warn/crit at 1/2)"),
                "ZFS pool gone": ("CRIT", "state 2: 0 is online, 1 degraded, 2 not to be used (warn/crit at 1/2)"),
            },
        ),
        (
            [("node_edac_uncorrectable_errors_total", {"controller": str(at)}, float(at)) for at in (0, 1)],
            {"Memory errors": ("CRIT", "1 uncorrectable (warn/crit at 1/1)")},
        ),
    ],
    ids=["sensors", "silent BMC", "controller", "md", "zfs", "edac"],
)
def test_series(series: Series, expected: dict[str, tuple[str, str]]) -> None:
    assert found("", series) == expected


def test_disks() -> None:
    pages = [DISKS / "usb-wd-scorpio-failing.prom", DISKS / "nvme-micron-7450.prom"]
    assert found("".join(path.read_text() for path in pages), []) == {
        "Disk nvme11 health": ("OK", "fails by SMART: 0"),
        "Disk nvme11 wear": ("OK", "0 % of its endurance used"),
        "Disk sdb bad sectors": ("WARN", "1 (warn/crit at 1/never)"),
        "Disk sdb health": ("CRIT", "fails by SMART: 1 (warn/crit at 1/1)"),
    }


def test_redfish() -> None:
    assert found((TREES / "dell.prom").read_text(), []) == {
        "BMC": ("OK", "0 cannot be read"),
        "BMC chassis": ("WARN", "worst state 1 (warn/crit at 1/2)"),
        "BMC cpu": ("OK", "worst state 0"),
        "BMC fan_speed": ("CRIT", "worst state 2 (warn/crit at 1/2)"),
        "BMC manager": ("OK", "worst state 0"),
        "BMC memory_module": ("WARN", "worst state 1 (warn/crit at 1/2)"),
        "BMC sensor": ("CRIT", "worst state 2 (warn/crit at 1/2)"),
        "BMC storage": ("OK", "worst state 0"),
        "BMC storage_controller": ("OK", "worst state 0"),
        "BMC storage_drive": ("CRIT", "worst state 2 (warn/crit at 1/2)"),
        "BMC storage_volume": ("WARN", "worst state 1 (warn/crit at 1/2)"),
        "BMC system": ("WARN", "worst state 1 (warn/crit at 1/2)"),
        "BMC temperature": ("WARN", "worst state 1 (warn/crit at 1/2)"),
        "BMC voltage": ("OK", "worst state 0"),
    }
