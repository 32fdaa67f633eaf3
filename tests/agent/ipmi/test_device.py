"""This host's own BMC through the kernel's device."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from tests.agent.ipmi.asking import lan_bmc, source_of, values_of
from tests.agent.ipmi.machine import run_in_machine
from tests.agent.ipmi.simulator import SimulatedBmc, need
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi import make
from vedette_agent.ipmi.config import IPMI_COLLECTORS, IpmiConfig
from vedette_agent.ipmi.device import DeviceTarget, find_device
from vedette_shared.clock import SystemClock

IN_MACHINE = Path(__file__).with_name("in_machine.py")


def test_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette_agent.ipmi.device.find_device", lambda: None)
    with pytest.raises(CollectorError, match="there is no /dev/ipmi0: load ipmi_si and ipmi_devintf"):
        DeviceTarget().open(time.monotonic() + 1)
    with pytest.raises(CollectorError, match="ipmi0 cannot be opened: No such file or directory"):
        DeviceTarget(tmp_path / "ipmi0").open(time.monotonic() + 1)


def test_file_that_is_no_device(tmp_path: Path) -> None:
    (tmp_path / "ipmi0").touch()
    session = DeviceTarget(tmp_path / "ipmi0").open(time.monotonic() + 1)
    with pytest.raises(CollectorError, match="Inappropriate ioctl for device"):
        session.raw(0x06, 0x01)
    session.close()


def test_device_is_found_under_its_names(tmp_path: Path) -> None:
    names = tmp_path / "ipmi0", tmp_path / "ipmi" / "0"
    assert find_device(names) is None
    names[1].parent.mkdir()
    names[1].touch()
    assert find_device(names) == names[1]


@pytest.mark.parametrize(
    ("config", "device", "planned"),
    [
        (None, Path("/dev/ipmi0"), ["ipmi:local"]),
        (None, None, []),
        (IpmiConfig(), None, ["ipmi:local"]),  # whoever asks for it is told that it is not there
        (IpmiConfig(enabled=False), Path("/dev/ipmi0"), []),
    ],
)
def test_own_bmc_is_read_where_there_is_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: IpmiConfig | None,
    device: Path | None,
    planned: list[str],
) -> None:
    monkeypatch.setattr(make, "find_device", lambda: device)
    assert [name for name, _, _ in make.plan_bmcs(config, tmp_path, SystemClock())] == planned


@pytest.mark.slow
async def test_kernel_device_tells_what_lan_tells(tmp_path: Path, dcmi_module: Path) -> None:
    """In a virtual machine, of which the simulated BMC is part, by KCS and the kernel's own driver."""
    need("ipmi_sim")
    bmc = SimulatedBmc(tmp_path / "bmc", with_dcmi=dcmi_module, with_serial=True)
    try:
        printed = run_in_machine(tmp_path, bmc.serial, [sys.executable, str(IN_MACHINE)])
        source = source_of(lan_bmc(bmc.port), collectors=(*IPMI_COLLECTORS, "bmc-watchdog"))
        over_lan = values_of(await source.collect())
        source.close()
    finally:
        bmc.stop()
    inband = {(name, tuple(map(tuple, labels))): value for name, labels, value in json.loads(printed)}
    own = {"ipmi_up", "ipmi_scrape_duration_seconds", "vedette_agent_ipmi_left_behind_total"}
    expected = {key: repr(value) for key, value in over_lan.items() if key[0] not in own}
    assert {key: value for key, value in inband.items() if key[0] not in own} == expected
