"""OpenStack's emulator of a BMC, over TLS with basic authentication: a service that is none of ours."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from tests.agent.processes import eventually, free_address
from tests.agent.redfish.running import TIMEOUT_S
from tests.agent.redfish.service import PASSWORD, USER
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import COLLECTORS
from vedette_agent.ipmi.readings import BmcInfo, Chassis
from vedette_agent.redfish.bmc import RedfishBmc
from vedette_agent.redfish.session import RedfishTarget
from vedette_shared.clock import SystemClock


def is_listening(host: str, port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((host, port)) == 0


@pytest.fixture
def url(tmp_path: Path, certificate: Path) -> Iterator[str]:
    host, _, port = free_address().rpartition(":")
    users, config = tmp_path / "users", tmp_path / "conf.py"
    users.write_bytes(f"{USER}:".encode() + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)) + b"\n")
    state = str(tmp_path / "state")
    config.write_text(f"SUSHY_EMULATOR_STATE_DIR = {state!r}\nSUSHY_EMULATOR_AUTH_FILE = {str(users)!r}\n")
    options = ["--fake", "--config", str(config), "--interface", host, "--port", port]
    tls = ["--ssl-certificate", str(certificate), "--ssl-key", str(certificate)]
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "sushy_tools.emulator.main", *options, *tls]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually(lambda: is_listening(host, int(port)))
        yield f"https://{host}:{port}"
    finally:
        process.kill()
        process.wait()


def bmc_at(url: str, certificate: Path, password: str) -> RedfishBmc:
    target = RedfishTarget(url, USER, password, ca_file=str(certificate))
    return RedfishBmc(target, TIMEOUT_S, SystemClock().now_ms)


async def test_emulator(url: str, certificate: Path) -> None:
    """It has a Thermal resource and a power state, and neither Power nor logs, which are told as failures."""
    report = await bmc_at(url, certificate, PASSWORD).read(COLLECTORS)
    assert [(sensor.name, sensor.unit, sensor.state) for sensor in report.sensors or ()] == [
        ("CPU Temp", "C", 0.0),
        ("Chassis Intake Temp", "C", 0.0),
        ("BaseBoard System Fan", "RPM", 0.0),
        ("BaseBoard System Fan Backup", "RPM", 0.0),
    ]
    assert (report.info, report.chassis) == (BmcInfo("1.00", "Sushy Emulator"), Chassis(False))
    assert [(part.kind, part.health) for part in report.parts or ()] == [
        ("system", 0.0),
        ("chassis", 0.0),
        ("manager", 0.0),
    ]
    assert report.errors == {
        "dcmi": "the BMC tells of no power consumption",
        "sel": "the BMC tells of no log service",
    }


async def test_wrong_password(url: str, certificate: Path) -> None:
    with pytest.raises(CollectorError, match="refuses the user or the password"):
        await bmc_at(url, certificate, "wrong").read(("chassis",))
