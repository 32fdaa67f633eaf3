"""New entries of a system event log as events of the source, over restarts of the agent and of the BMC."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.agent.ipmi.asking import TIMEOUT_S, lan_bmc
from tests.agent.ipmi.simulator import CPU1, PASSWORD, PSU2, USER, SimulatedBmc, need
from vedette_agent.ipmi.inband import InbandBmc
from vedette_agent.ipmi.source import Bmc, BmcSource
from vedette_shared.clock import SystemClock
from vedette_shared.events import Event, Severity

HOT = ("CPU1 Temp (Temperature): above its upper critical threshold", Severity.CRITICAL)
WARM = ("CPU1 Temp (Temperature): above its upper non-critical threshold", Severity.WARNING)
LOST = ("PS2 Status (Power Supply): input lost", Severity.CRITICAL)


def follow(bmc: Bmc, file: Path, *, timeout: float = TIMEOUT_S) -> BmcSource:
    return BmcSource(
        "test", bmc, ("sel",), interval_ms=30_000, timeout=timeout, clock=SystemClock(), host="web1", cursor_file=file
    )


def inband(bmc: SimulatedBmc, folder: Path) -> InbandBmc:
    """FreeIPMI's tools, here with the way over LAN in place of the kernel's device."""
    need("/usr/sbin/ipmi-sel")
    driver = [f"--hostname=127.0.0.1:{bmc.port}", f"--username={USER}", f"--password={PASSWORD}"]
    driver += ["--driver-type=LAN_2_0", "--workaround-flags=opensesspriv"]
    return InbandBmc(Path("/usr/sbin"), folder / "cache", TIMEOUT_S, driver)


async def told(source: BmcSource, count: int = 0) -> list[tuple[str, Severity]]:
    """What the source tells until it has told ``count`` events, in the order of their texts; it is kept."""
    events = await taken(source, count)
    source.events_kept()
    return sorted((event.text, event.severity) for event in events)


async def taken(source: BmcSource, count: int = 0) -> list[Event]:
    """The events until there are ``count``; nobody keeps them."""
    events: list[Event] = []
    with trio.fail_after(15):
        while True:
            await source.collect()
            events += source.take_events()
            if len(events) >= count:
                break
            await trio.sleep(0.1)
    assert {event.host for event in events} <= {"web1"}
    return events


@pytest.mark.parametrize("way", ["lan", "inband"])
async def test_thresholds_crossed(bmc: SimulatedBmc, tmp_path: Path, way: str) -> None:
    """The log's old entries are no news; new ones are, once, also over a restart."""
    file = tmp_path / "sel" / "cursor.json"

    def started() -> BmcSource:
        return follow(lan_bmc(bmc.port) if way == "lan" else inband(bmc, tmp_path), file)

    source = started()
    assert await told(source) == []
    bmc.set_sensor(CPU1, 96)
    assert await told(source, 2) == [HOT, WARM]
    assert await told(source) == []
    source.close()
    bmc.set_sensor(PSU2, 0x09)
    await trio.sleep(0.5)
    source = started()
    assert await told(source, 1) == [LOST]
    source.close()


async def test_events_are_told_again_after_a_crash(bmc: SimulatedBmc, tmp_path: Path) -> None:
    """A crash before they are kept repeats them, under the same id."""
    source = follow(lan_bmc(bmc.port), tmp_path / "cursor.json")
    await told(source)
    await told(source)
    bmc.set_sensor(PSU2, 0x09)
    (lost,) = await taken(source, 1)
    await source.collect()
    crashed = follow(lan_bmc(bmc.port), tmp_path / "cursor.json")
    (again,) = await taken(crashed, 1)
    assert (again.id, again.text) == (lost.id, LOST[0])
    source.close()
    crashed.close()


async def test_bmc_frozen_stopped_and_back(bmc: SimulatedBmc, tmp_path: Path) -> None:
    source = follow(lan_bmc(bmc.port, timeout=1.0), tmp_path / "cursor.json", timeout=1.0)
    assert await told(source) == []
    bmc.set_sensor(PSU2, 0x09)
    await trio.sleep(0.5)
    bmc.freeze()
    assert await told(source) == []
    bmc.thaw()
    assert await told(source, 1) == [LOST]
    bmc.stop()
    assert await told(source) == []
    source.close()


async def test_cursor_that_cannot_be_read(bmc: SimulatedBmc, tmp_path: Path) -> None:
    file = tmp_path / "cursor.json"
    file.write_text("nonsense")
    source = follow(lan_bmc(bmc.port), file)
    assert await told(source) == []
    await source.collect()
    assert file.read_text().startswith('{"last":"')
    source.close()
