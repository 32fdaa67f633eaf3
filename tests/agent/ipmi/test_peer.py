"""Side by side with ipmi_exporter on the same BMC: the same series, the same values."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from tests.agent.ipmi.asking import lan_bmc, source_of, values_of
from tests.agent.ipmi.simulator import CPU1, DRIVE0, FAN1, PASSWORD, PSU2, USER, SimulatedBmc, need
from tests.agent.processes import free_address
from vedette_agent.ipmi.config import IPMI_COLLECTORS, Collector
from vedette_agent.ipmi.families import bmc_families
from vedette_agent.ipmi.inband import InbandBmc
from vedette_shared.exposition import parse_text
from vedette_shared.labels import Labels

EXPORTER = "prometheus-ipmi-exporter"
_OWN = {"ipmi_scrape_duration_seconds", "vedette_agent_ipmi_left_behind_total"}
_LATER = {"ipmi_chassis_drive_fault_state", "ipmi_chassis_cooling_fault_state"}
"""What ipmi_exporter has since version 1.7, and Debian's has not."""

_CONFIG = f"""modules:
  default:
    user: {USER}
    pass: {PASSWORD}
    driver: LAN_2_0
    privilege: admin
    timeout: 10000
    collectors: [bmc, ipmi, chassis, dcmi, sel]
    workaround_flags: [opensesspriv]
"""

ALL: tuple[Collector, ...] = (*IPMI_COLLECTORS, "bmc-watchdog")

Values = dict[tuple[str, Labels], str]


@contextmanager
def exporter(folder: Path) -> Iterator[str]:
    """Run ipmi_exporter; its address."""
    need(EXPORTER)
    address = free_address()
    config = folder / "exporter.yml"
    config.write_text(_CONFIG)
    command = [EXPORTER, f"--config.file={config}", f"--web.listen-address={address}"]
    with (folder / "exporter.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield address
        finally:
            process.kill()


def exported(address: str, port: int) -> Values:
    url = f"http://{address}/ipmi?target=127.0.0.1:{port}"
    end = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as page:
                return comparable(values_of(parse_text(page.read())))
        except urllib.error.URLError:
            assert time.monotonic() < end
            time.sleep(0.05)


def comparable(values: dict[tuple[str, Labels], float]) -> Values:
    """Values as texts, as NaN equals nothing; without those that differ from one reading to the next."""
    return {key: repr(value) for key, value in values.items() if key[0] not in _OWN}


def change(bmc: SimulatedBmc, changes: dict[int, int]) -> None:
    for sensor, raw in changes.items():
        bmc.set_sensor(sensor, raw)
    time.sleep(0.5)  # the simulator looks every 200 ms


@pytest.mark.parametrize("changes", [{}, {CPU1: 96, FAN1: 5, PSU2: 0x09, DRIVE0: 0x05, 0x26: 0x02, 0x10: 150}])
async def test_same_series_and_values(bmc: SimulatedBmc, tmp_path: Path, changes: dict[int, int]) -> None:
    """All well, and with a hot CPU, a slow fan, a lost input, a drive about to fail, no redundancy, a low voltage."""
    change(bmc, changes)
    source = source_of(lan_bmc(bmc.port))
    with exporter(tmp_path) as address:
        theirs = await trio.to_thread.run_sync(exported, address, bmc.port)
        ours = comparable(values_of(await source.collect()))
    source.close()
    assert {key: value for key, value in ours.items() if key[0] not in _LATER} == theirs
    assert len(ours) == 58 + len(_LATER)


@pytest.mark.parametrize("changes", [{}, {CPU1: 96, FAN1: 5, PSU2: 0x09}])
async def test_inband_tools_tell_the_same(bmc: SimulatedBmc, tmp_path: Path, changes: dict[int, int]) -> None:
    """FreeIPMI's tools, here with the way over LAN in place of the kernel's device."""
    need("/usr/sbin/ipmi-sensors")
    change(bmc, changes)
    driver = [f"--hostname=127.0.0.1:{bmc.port}", f"--username={USER}", f"--password={PASSWORD}"]
    driver += ["--driver-type=LAN_2_0", "--workaround-flags=opensesspriv"]
    tools = InbandBmc(Path("/usr/sbin"), tmp_path / "cache", 10.0, driver)
    report = await tools.read(ALL)
    assert report.errors == {}
    source = source_of(lan_bmc(bmc.port), collectors=ALL)
    over_lan = comparable(values_of(await source.collect()))
    source.close()
    assert comparable(values_of(bmc_families(report, ALL, 0.0))) == over_lan
