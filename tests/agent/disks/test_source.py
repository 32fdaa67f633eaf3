"""The source of the disks, with a stand-in for smartctl that prints recorded answers, or misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from tests.agent.disks.conftest import FIXTURES
from vedette_agent.changes import Memory
from vedette_agent.disks.config import DiskConfig, DisksConfig
from vedette_agent.disks.device import Device, devices_of
from vedette_agent.disks.document import parse_document
from vedette_agent.disks.make import plan_disks
from vedette_agent.disks.smartctl import RIGHTS, Smartctl
from vedette_agent.disks.source import DiskSource
from vedette_agent.errors import CollectorError
from vedette_shared.clock import ManualClock
from vedette_shared.config import Duration

MakeStandIn = Callable[..., Path]
NVME, SAT, MEGARAID = "nvme11", "sdc", "bus_0_megaraid_0"
WORKING = {
    "nvme11": "nvme-micron-7450.json",
    "sdc": "sat-seagate-exos-x16.json",
    "bus__0": "megaraid-toshiba-al15.json",
}


def make_source(program: Path, config: DisksConfig | None = None, clock: ManualClock | None = None) -> DiskSource:
    config = config or DisksConfig(timeout=Duration(500))
    memory = Memory(program.parent / "data" / "seen.json")
    return DiskSource(
        Smartctl(str(program), config), config, memory, interval_ms=15_000, clock=clock or ManualClock(1000)
    )


async def collect(source: DiskSource) -> dict[str, float]:
    """Whether each disk could be asked."""
    return {
        dict(sample.labels)["device"]: sample.value
        for family in await source.collect()
        if family.name == "vedette_agent_disk_success"
        for sample in family.samples
    }


def texts(source: DiskSource) -> list[str]:
    events = source.take_events()
    source.events_kept()
    return [f"{event.severity.value}: {event.text}" for event in events]


async def test_asks_what_the_scan_finds(stand_in: MakeStandIn, tmp_path: Path) -> None:
    source = make_source(stand_in(**WORKING))
    assert await collect(source) == {SAT: 1.0, MEGARAID: 1.0, NVME: 1.0}
    assert source.problems() == {}
    assert texts(source) == []
    log = "--json --xall --nocheck=standby --tolerance=verypermissive"
    assert set((tmp_path / "calls").read_text().splitlines()) == {
        "--json --scan",
        f"{log} --device=sat /dev/sdc",
        f"{log} --device=megaraid,0 /dev/bus/0",
        f"{log} --device=nvme /dev/nvme11",
    }


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ("exec sleep 30", "not done after 0.5 s; ended"),
        ("trap '' TERM; sleep 30", "not done after 0.5 s; ended"),
        ("echo garbage", "smartctl printed no JSON: 'garbage'"),
        ("printf '\\377\\376{]'", "smartctl printed no JSON: '��{]'"),
        ("echo '[1]'; exit 4", "smartctl printed JSON that is none of its: '[1]'"),
        (
            "echo 'smartctl 6.6 2017-11-05 r4594'; exit 1",
            "'smartctl 6.6 2017-11-05 r4594'; version 7.0 or later of smartmontools is needed",
        ),
        ("echo '{}'", "smartctl printed JSON that is none of its: '{}'"),
        (":", "smartctl printed no JSON: nothing"),
        ("exec head -c 3000000 /dev/zero", "wrote more than 2097152 bytes"),
        ("kill -SEGV $$", "ended by signal 11"),
        ("cat {fixtures}/not-permitted.json; exit 2", f"failed: Permission denied: {RIGHTS}"),
        ("cat {fixtures}/no-such-device.json; exit 2", "Smartctl open device: /dev/sda failed: No such device"),
        ("cat {fixtures}/no-device-type.json; exit 1", "/dev/vda: Unable to detect device type"),
    ],
)
async def test_one_disk_fails(stand_in: MakeStandIn, action: str, problem: str) -> None:
    """Its failure is told, and harms no other: a hang, garbage, a flood, a crash, missing rights, a disk pulled."""
    source = make_source(stand_in(**{**WORKING, "sdc": action.replace("{fixtures}", str(FIXTURES))}))
    assert await collect(source) == {SAT: 0.0, MEGARAID: 1.0, NVME: 1.0}
    assert list(source.problems()) == [SAT]
    assert source.problems()[SAT].endswith(problem)


async def test_exit_status_of_a_failing_disk(stand_in: MakeStandIn) -> None:
    """The upper bits of the exit status tell of the disk: it has been asked all the same."""
    action = f"cat {FIXTURES / 'usb-wd-scorpio-failing.json'}; exit 216"
    source = make_source(stand_in(**{**WORKING, "sdc": action}))
    assert await collect(source) == {SAT: 1.0, MEGARAID: 1.0, NVME: 1.0}
    title = "disk sdc (WDC WD3200BEVT-60ZCT0 SERIAL-SCORPIO)"
    assert texts(source) == [
        f"critical: {title}: SMART health is failed",
        f"warning: {title}: attributes at their threshold is Reallocated_Sector_Ct",
    ]


async def test_sleeping_disk_sleeps_on(stand_in: MakeStandIn) -> None:
    """What it told when it was awake stands."""
    source = make_source(stand_in(**WORKING))
    await source.collect()
    stand_in(**{**WORKING, "sdc": f"cat {FIXTURES / 'standby.json'}; exit 2"})
    assert (await collect(source))[SAT] == 1.0
    families = {family.name: family for family in await source.collect()}
    assert [sample.value for sample in families["smartctl_device_state"].samples] == [1.0]
    assert len(families["smartctl_device_power_cycle_count"].samples) == 3
    assert source.problems() == {}


async def test_scan_fails(stand_in: MakeStandIn, tmp_path: Path) -> None:
    source = make_source(stand_in("echo 'cannot scan'; exit 1"))
    with pytest.raises(CollectorError, match="smartctl printed no JSON: 'cannot scan'"):
        await source.collect()
    missing = make_source(tmp_path / "nowhere")
    with pytest.raises(CollectorError, match="nowhere cannot be run: No such file or directory"):
        await missing.collect()


async def test_pulled_and_replaced_over_a_restart(stand_in: MakeStandIn) -> None:
    """A disk is gone after two scans without it; a new one at its place has appeared. Both is told once."""
    clock = ManualClock(1000)
    source = make_source(stand_in(**WORKING), clock=clock)
    await source.collect()
    source.take_events()
    source.events_kept()
    await source.collect()
    source.close()
    stand_in(**{**WORKING, "sdc": "usb-wd-scorpio-failing.json"})
    source = make_source(stand_in(**{**WORKING, "sdc": "usb-wd-scorpio-failing.json"}), clock=clock)
    await source.collect()
    assert texts(source)[0] == "info: disk sdc (WDC WD3200BEVT-60ZCT0 SERIAL-SCORPIO) has appeared"
    for _ in range(2):
        await source.collect()
    assert texts(source) == ["warning: disk sdc (ST10000NM001G-2MW103 SERIAL-EXOS) is gone"]
    source.close()
    source = make_source(stand_in(**{**WORKING, "sdc": "usb-wd-scorpio-failing.json"}), clock=clock)
    for _ in range(3):
        await source.collect()
    assert texts(source) == []


async def test_crash_before_events_are_published(stand_in: MakeStandIn) -> None:
    """What was not handed on is told again after a restart."""
    source = make_source(stand_in(**WORKING))
    await source.collect()
    source.take_events()
    source.events_kept()
    await source.collect()
    more = FIXTURES.joinpath("sat-seagate-exos-x16.json").read_text().replace('"passed": true', '"passed": false')
    (stand_in(**WORKING).parent / "failed.json").write_text(more)
    program = stand_in(**{**WORKING, "sdc": f"cat {stand_in(**WORKING).parent / 'failed.json'}; exit 8"})
    await source.collect()  # seen, and then killed
    source = make_source(program)
    await source.collect()
    title = "disk sdc (ST10000NM001G-2MW103 SERIAL-EXOS)"
    told = source.take_events()
    assert [event.text for event in told] == [f"{title}: SMART health is failed, was passed"]
    again = make_source(program)  # published, and then killed
    await again.collect()
    assert [event.id for event in again.take_events()] == [event.id for event in told]


async def test_runs_in_the_background(stand_in: MakeStandIn) -> None:
    """A collection waits for no disk: those that have answered are reported while another hangs."""
    source = make_source(stand_in(**{**WORKING, "sdc": "exec sleep 30"}), DisksConfig(timeout=Duration(300)))
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(source.run)
            while len(await collect(source)) < 3:
                await trio.sleep(0.02)
            assert await collect(source) == {SAT: 0.0, MEGARAID: 1.0, NVME: 1.0}
            nursery.cancel_scope.cancel()


def test_disks_of_the_configuration(tmp_path: Path) -> None:
    """Those stand for what the scan guesses of the same device; what is excluded is never asked."""
    config = DisksConfig(
        disk=(DiskConfig("/dev/sdc", "sat,12"), DiskConfig("/dev/sg1", "cciss,0"), DiskConfig("/dev/nvme11", "nvme")),
        exclude=("sg*", "/dev/bus/*"),
    )
    scan = parse_document((FIXTURES / "scan.json").read_bytes())
    assert devices_of(scan, config) == [Device("/dev/sdc", "sat,12"), Device("/dev/nvme11", "nvme")]
    assert devices_of(None, DisksConfig(scan=False, disk=(DiskConfig("/dev/sda"),))) == [Device("/dev/sda", "auto")]


@pytest.mark.parametrize(
    ("device", "label"),
    [
        (Device("/dev/sda", "sat"), "sda"),
        (Device("/dev/bus/0", "megaraid,1"), "bus_0_megaraid_1"),
        (Device("/dev/disk/by-id/ata-CT500MX500SSD1_ABC", "auto"), "ata-CT500MX500SSD1_ABC"),
        (Device("/dev/sdb", "aacraid,1,0,4"), "sdb_aacraid_1_0_4"),
        (Device("/dev/cciss/c0d0", "cciss,0"), "cciss_c0d0_cciss_0"),
    ],
)
def test_labels(device: Device, label: str) -> None:
    """As smartctl_exporter has them."""
    assert device.label == label


def test_switch(stand_in: MakeStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On where smartctl is found, or named; off by the switch."""
    monkeypatch.setattr("vedette_agent.children.tools.SYSTEM_PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")

    def names(config: DisksConfig) -> list[str]:
        return [name for name, _, _ in plan_disks(config, tmp_path, 15_000, ManualClock())]

    assert names(DisksConfig()) == []
    assert names(DisksConfig(smartctl="/opt/smartctl")) == ["disks"]
    monkeypatch.setenv("PATH", str(stand_in().parent))
    assert names(DisksConfig()) == ["disks"]
    assert names(DisksConfig(enabled=False)) == []
