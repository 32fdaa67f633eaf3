"""The source of RAIDs, with stand-ins for the controllers' programs that print recorded answers, or misbehave."""

from __future__ import annotations

from pathlib import Path

import pytest

from vedette_agent.changes import Memory
from vedette_agent.raid import make
from vedette_agent.raid.config import RaidConfig
from vedette_agent.raid.make import plan_raid
from vedette_agent.raid.source import RaidSource
from vedette_agent.raid.tools import RIGHTS, ask_kernel, find_programs, make_asks
from vedette_shared.clock import ManualClock
from vedette_shared.config import Duration

FIXTURES = Path(__file__).parent / "fixtures"
STORCLI = f"""case "$*" in
*eALL*) cat {FIXTURES}/storcli-praid-ep420i-disks.json;;
*) cat {FIXTURES}/storcli-praid-ep420i.json;;
esac"""
SSACLI = f"cat {FIXTURES}/ssacli-p440ar.txt"
ARCCONF = f"cat {FIXTURES}/arcconf-cerc.txt"
CONFIG = RaidConfig(timeout=Duration(500))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path


def write(folder: Path, name: str, script: str) -> str:
    aside = folder / "bin" / f"{name}.new"
    aside.write_text(f"#!/bin/sh\n{script}\n")
    aside.chmod(0o755)
    return str(aside.replace(folder / "bin" / name))


def source_of(folder: Path, **programs: str) -> RaidSource:
    paths = {name: write(folder, name, script) for name, script in programs.items()}
    asks = make_asks(paths, CONFIG, folder / "data")
    asks["md"] = lambda: ask_kernel(folder / "mdstat")
    memory = Memory(folder / "data" / "seen.json")
    return RaidSource(asks, CONFIG, memory, interval_ms=15_000, clock=ManualClock(5000))


async def collect(source: RaidSource) -> dict[str, float]:
    """Whether each program could be asked."""
    return {
        dict(sample.labels)["tool"]: sample.value
        for family in await source.collect()
        if family.name == "vedette_agent_raid_success"
        for sample in family.samples
    }


def texts(source: RaidSource) -> list[str]:
    events = source.take_events()
    source.events_kept()
    return [f"{event.severity.value}: {event.text}" for event in events]


async def test_all_of_them(folder: Path) -> None:
    source = source_of(folder, storcli=STORCLI, ssacli=SSACLI, arcconf=ARCCONF)
    assert await collect(source) == {"storcli": 1.0, "ssacli": 1.0, "arcconf": 1.0, "md": 1.0}
    assert source.problems() == {}
    assert texts(source) == []
    names = {family.name for family in await source.collect()}
    assert {"megaraid_vd_info", "megaraid_pd_media_errors", "vedette_raid_state"} <= names


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exec sleep 30", "not done after 0.5 s; ended"),
        ("exec head -c 9000000 /dev/zero", "wrote more than 8388608 bytes"),
        ("echo garbage", "ssacli told of no controller: 'garbage'"),
        ("echo 'Error: cannot do that' >&2; exit 3", "failed: Error: cannot do that"),
        ("exit 3", "failed: exit code 3"),
        (
            "echo 'Error: You need to have administrator rights to continue.'; exit 1",
            f"failed: Error: You need to have administrator rights to continue.{RIGHTS}",
        ),
    ],
)
async def test_one_fails(folder: Path, script: str, problem: str) -> None:
    """Its failure is told, and harms no other."""
    source = source_of(folder, storcli=STORCLI, ssacli=script)
    assert await collect(source) == {"storcli": 1.0, "ssacli": 0.0, "md": 1.0}
    assert source.problems()["ssacli"].endswith(problem)


async def test_details_fail(folder: Path) -> None:
    """Without them less is known of the disks; they have not changed for that."""
    await (source := source_of(folder, storcli=STORCLI)).collect()
    source.take_events()
    source.events_kept()
    await source.collect()
    write(folder, "storcli", STORCLI.replace(f"cat {FIXTURES}/storcli-praid-ep420i-disks.json", "echo no"))
    assert await collect(source) == {"storcli": 1.0, "md": 1.0}
    assert "megaraid_pd_media_errors" not in {family.name for family in await source.collect()}
    assert texts(source) == []


async def test_changes_over_a_restart(folder: Path) -> None:
    """An array that loses a disk while the agent is down; then it rebuilds, and is well again."""
    good = "Personalities : [raid1]\nmd0 : active raid1 sdb1[1] sda1[0]\n 100 blocks [2/2] [UU]\n"
    worse = good.replace("[1] ", "[1](F) ").replace("[2/2] [UU]", "[2/1] [U_]")
    rebuilding = good.replace("[2/2] [UU]", "[2/1] [U_]\n [=>.] recovery = 25.0% (25/100)")
    (folder / "mdstat").write_text(good)
    source = source_of(folder)
    await source.collect()
    source.take_events()
    source.events_kept()
    source.close()
    (folder / "mdstat").write_text(worse)
    source = source_of(folder)
    await source.collect()
    assert texts(source) == [
        "critical: array md0 is degraded, was optimal",
        "warning: array md0: failed members 1, 0 before",
    ]
    (folder / "mdstat").write_text(rebuilding)
    await source.collect()
    assert texts(source) == ["warning: array md0 is degraded, rebuilding, was degraded"]
    (folder / "mdstat").write_text(good)
    await source.collect()
    assert texts(source) == ["info: array md0 is optimal, was degraded, rebuilding"]


async def test_disk_replaced(folder: Path) -> None:
    """A slot with another serial number."""
    source = source_of(folder, ssacli=SSACLI)
    await source.collect()
    write(folder, "ssacli", f"sed s/SERIAL-2/SERIAL-9/ {FIXTURES}/ssacli-p440ar.txt")
    await source.collect()
    where = "disk 1I:1:2 of ssacli controller 0 (HP EG0300FBVFL SERIAL-9)"
    assert texts(source) == [f"info: {where}: serial number is SERIAL-9, was SERIAL-2"]


async def test_told_twice(folder: Path) -> None:
    """A spare that is in use stands in the pool's table twice; the first is how it is."""
    answer = (
        (FIXTURES / "zpool-degraded.txt")
        .read_text()
        .replace("16876260487220383698  ", "pci-0000:00:0d.0-scsi-10:0:0:0")
    )
    answer = answer.replace("FAULTED", "ONLINE ").replace("AVAIL", "INUSE     currently in use")
    (folder / "answer").write_text(answer)
    source = source_of(folder, zpool=f"cat {folder}/answer")
    await source.collect()
    source.take_events()
    source.events_kept()
    await source.collect()
    assert texts(source) == []


def test_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In PATH, the better name first; or where the configuration says; and not what it excludes."""
    monkeypatch.setattr("vedette_agent.children.tools.SYSTEM_PATH", "/nowhere")
    monkeypatch.setenv("PATH", str(folder / "bin"))
    for name in ("perccli64", "storcli", "arcconf"):
        write(folder, name, "exit 0")
    bin_ = folder / "bin"
    assert find_programs(RaidConfig()) == {"storcli": f"{bin_}/storcli", "arcconf": f"{bin_}/arcconf"}
    config = RaidConfig(storcli="perccli64", ssacli="/opt/ssacli", exclude=("arcconf",))
    assert find_programs(config) == {"storcli": f"{bin_}/perccli64", "ssacli": "/opt/ssacli"}


def test_switch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On where there is something to ask; off by the switch."""
    monkeypatch.setattr("vedette_agent.children.tools.SYSTEM_PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(make, "MDSTAT", folder / "mdstat")

    def names(config: RaidConfig) -> list[str]:
        return [name for name, _, _ in plan_raid(config, folder, 15_000, ManualClock())]

    assert names(RaidConfig()) == []
    (folder / "mdstat").write_text("")
    assert names(RaidConfig()) == ["raid"]
    assert names(RaidConfig(exclude=("md",))) == []
    assert names(RaidConfig(enabled=False)) == []
