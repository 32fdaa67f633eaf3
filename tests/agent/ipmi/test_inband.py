"""In-band, where something is missing or fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.agent.ipmi.asking import source_of, value_of
from tests.agent.ipmi.simulator import need
from vedette_agent.ipmi.inband import InbandBmc
from vedette_agent.ipmi.readings import SelInfo

SEL = "Number of log entries : 6\nFree space remaining : 15904 bytes\n"


def write_tool(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


async def test_tools_are_missing(tmp_path: Path) -> None:
    report = await InbandBmc(tmp_path, tmp_path / "cache", 5.0).read(("chassis",))
    expected = f"{tmp_path}/ipmi-chassis: No such file or directory: install freeipmi-tools, or set ipmi.tools"
    assert report.errors == {"chassis": expected}


async def test_each_failure_is_its_own(tmp_path: Path) -> None:
    """A tool that refuses, one that hangs, one that works."""
    tools = tmp_path / "tools"
    write_tool(tools, "ipmi-chassis", "echo 'ipmi-chassis: could not find inband device' >&2; exit 1")
    write_tool(tools, "ipmi-dcmi", "exec sleep 30")
    write_tool(
        tools, "ipmi-sel", f"[ $1 = --driver-type=OPENIPMI ] && [ $2 = --info ] && printf '{SEL}'".replace("\n", "\\n")
    )
    report = await InbandBmc(tools, tmp_path / "cache", 0.5).read(("chassis", "dcmi", "sel"))
    assert report.sel == SelInfo(6, 15904)
    assert set(report.errors) == {"chassis", "dcmi", "events"}
    assert report.errors["chassis"].endswith("failed: ipmi-chassis: could not find inband device")


async def test_not_root(tmp_path: Path) -> None:
    """FreeIPMI's real tools ask no device for other users, whatever the device's mode is; how to mend that is told."""
    need("ipmi-chassis", "setpriv")
    chassis = shutil.which("ipmi-chassis")
    write_tool(tmp_path / "tools", "ipmi-chassis", f'exec setpriv --reuid 65534 --clear-groups {chassis} "$@"')
    report = await InbandBmc(tmp_path / "tools", tmp_path / "cache", 20.0).read(("chassis",))
    assert report.errors["chassis"] == (
        f"{tmp_path}/tools/ipmi-chassis failed: {chassis}: permission denied; FreeIPMI asks devices for root alone: let"
        " the agent be root, as systemd/drop-ins/agent-freeipmi.conf does"
    )


async def test_whole_reading_keeps_its_time(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    for name in ("ipmi-chassis", "ipmi-sel"):
        write_tool(tools, name, "exec sleep 30")
    source = source_of(InbandBmc(tools, tmp_path / "cache", 30.0), timeout=0.3, collectors=("chassis", "sel"))
    assert value_of(await source.collect(), "ipmi_up", collector="sel") == 0.0
    assert source.problems()["sel"] == "no answer within 0.3 s"


@pytest.mark.parametrize("place", ["cache", "cache/below"])
async def test_cache_cannot_be_made(tmp_path: Path, place: str) -> None:
    (tmp_path / "cache").write_text("a file")
    report = await InbandBmc(tmp_path, tmp_path / place, 5.0).read(("sel",))
    assert report.errors["sel"].startswith(f"{tmp_path / place} cannot be made")
