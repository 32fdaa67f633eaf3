"""The lab itself: what later tests do to hosts must really happen to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.lab import Host, Lab, LabError, why_not
from tests.deploy.lab.lab import remove_leftovers
from tests.deploy.lab.network import NAMESPACES

pytestmark = [pytest.mark.slow, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(hosts=2) as lab:
        yield lab


def boot_id(host: Host) -> str:
    """A value that each boot draws anew (the kernel's own boot_id is the outer machine's)."""
    return host.run(["stat", "-c", "%Y %i", "/run/systemd"]) + host.run(
        ["systemctl", "show", "-p", "UserspaceTimestampMonotonic"]
    )


def reaches(host: Host, other: Host) -> bool:
    done = host.try_run(["ping", "-c", "1", "-W", "1", other.address])
    return done is not None and done.returncode == 0


def wait_reaches(host: Host, other: Host) -> None:
    deadline = time.monotonic() + 20
    while not reaches(host, other):
        assert time.monotonic() < deadline, f"{host.name} does not reach {other.name}"


def test_hosts_are_machines_of_their_own(lab: Lab) -> None:
    """Each host has its name, its machine-id and its address, and the hosts reach each other and the bridge."""
    first, second = lab.hosts.values()
    assert [first.run(["hostname"]), second.run(["hostname"])] == ["h1\n", "h2\n"]
    assert first.run(["cat", "/etc/machine-id"]) != second.run(["cat", "/etc/machine-id"])
    assert reaches(first, second)
    assert "SSH-2.0" in lab.execute(["ssh-keyscan", second.address]).stderr


def test_reboot(lab: Lab) -> None:
    """After a reboot the host is up, in a new boot, with its disk as it was."""
    host = lab.hosts["h1"]
    host.run(["sh", "-c", "echo kept > /root/file && echo gone > /run/file"])
    before = boot_id(host)
    host.reboot()
    assert boot_id(host) != before
    assert host.run(["cat", "/root/file"]) == "kept\n"
    assert host.run(["find", "/run/file"], check=False) == ""


def test_power_loss(lab: Lab) -> None:
    """A host without power runs nothing; with power again it boots from the same disk."""
    host, other = lab.hosts.values()
    host.lose_power()
    assert host.try_run(["true"]) is None
    assert not reaches(other, host)
    with pytest.raises(LabError, match="h1 is off"):
        host.run(["true"])
    host.start()
    host.wait_ready()
    wait_reaches(other, host)


def test_cut_cable(lab: Lab) -> None:
    """A cut cable parts the hosts, both keep running, and mending it joins them again."""
    first, second = lab.hosts.values()
    lab.network.cut("h2")
    assert not reaches(first, second)
    assert second.run(["hostname"]) == "h2\n"
    lab.network.mend("h2")
    wait_reaches(first, second)


def test_killed_lab_leaves_nothing_running(tmp_path: Path) -> None:
    """Hosts die with the process that holds the lab, and the next lab clears their mounts and namespaces."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.deploy.lab", "1"]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        while "Ctrl-D" not in holder.stdout.readline():
            assert holder.poll() is None
        tag = f"vl{holder.pid}"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    cache = Path(os.environ.get("VEDETTE_LAB_DIR", "/var/cache/vedette-lab"))
    deadline = time.monotonic() + 10
    while subprocess.run(["pgrep", "-f", f"machine={tag}-"], capture_output=True, check=False).returncode == 0:
        assert time.monotonic() < deadline, "the hosts outlive the lab"
        time.sleep(0.05)
    assert (cache / "runs" / tag).exists()
    remove_leftovers(cache)
    assert not (cache / "runs" / tag).exists()
    assert not list(NAMESPACES.glob(f"{tag}*"))
    assert tag not in Path("/proc/mounts").read_text()
