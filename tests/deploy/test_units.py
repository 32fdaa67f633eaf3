"""The units: systemd understands every line of them, and they stay as tightly sandboxed as they are now."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
PROGRAM = "/opt/vedette/bin/vedette"
UNITS = ("vedette-agent.service", "vedette-server.service")

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: apt-get install systemd"
)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The units and their drop-ins, as they are but for the program, which must be there to be verified."""
    for unit in UNITS:
        text = (SYSTEMD / unit).read_text()
        assert f"ExecStart={PROGRAM} " in text
        (tmp_path / unit).write_text(text.replace(PROGRAM, sys.executable))
    return tmp_path


def with_drop_ins(folder: Path) -> Path:
    drop_in = folder / "vedette-agent.service.d"
    drop_in.mkdir()
    for file in (SYSTEMD / "drop-ins").iterdir():
        shutil.copy(file, drop_in / file.name.removeprefix("agent-"))
    return folder / "vedette-agent.service"


@pytest.mark.parametrize("unit", UNITS)
def test_verify(folder: Path, unit: str) -> None:
    """systemd has nothing to say of a unit: it warns of unknown keys and still returns 0."""
    done = analyze("verify", "--man=no", str(folder / unit))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_verify_finds_faults(folder: Path) -> None:
    """The test above would notice a key that systemd does not know."""
    unit = folder / UNITS[0]
    unit.write_text(unit.read_text().replace("ProtectSystem=", "ProtectSytem="))
    assert "ProtectSytem" in analyze("verify", "--man=no", str(unit)).stderr


def test_verify_drop_ins(folder: Path) -> None:
    """All drop-ins together are understood as well."""
    done = analyze("verify", "--man=no", str(with_drop_ins(folder)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("unit", "threshold"), [("vedette-agent.service", 26), ("vedette-server.service", 12)])
def test_exposure(folder: Path, unit: str, threshold: int) -> None:
    """A unit's exposure, times ten, is at most what is committed here: each exception needs its reason in the unit."""
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={threshold}", str(folder / unit))
    assert done.returncode == 0, done.stdout


def test_reads_like_the_design() -> None:
    """Both units notify, reload by SIGHUP, run as accounts of their own and keep their data where the design says."""
    for service, account in (("agent", "vedette-agent"), ("server", "vedette")):
        lines = (SYSTEMD / f"vedette-{service}.service").read_text().splitlines()
        expected = {
            "Type=notify",
            f"ExecStart={PROGRAM} {service} --config /etc/vedette/{service}.toml",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "Restart=on-failure",
            f"User={account}",
            f"StateDirectory=vedette/{service}",
            "ProtectSystem=strict",
            "NoNewPrivileges=yes",
        }
        assert expected - set(lines) == set()
