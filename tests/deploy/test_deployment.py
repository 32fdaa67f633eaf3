"""The playbook for real, over ssh, against two hosts with systemd: server on h1, agents on both, pushing to h1.

Run it with ``tests/run -m slow tests/deploy`` or ``pytest -m slow tests/deploy/test_deployment.py`` as root. The tests
of this module tell one story and run in its order.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.lab import Host, Lab, why_not
from tests.deploy.lab.base import cache_folder
from tests.deploy.playbook import (
    BIN,
    ROOT,
    Group,
    Run,
    build_wheel,
    collect_wheelhouse,
    inventory,
    run_playbook,
)

HOST_PYTHON = (3, 11)


def reason_to_skip() -> str | None:
    if reason := why_not():
        return reason
    if not (BIN / "ansible-playbook").exists():
        return "ansible-core is not installed: pip install ansible-core"
    if sys.version_info[:2] != HOST_PYTHON:
        return "the wheels are collected for the Python that runs the tests, and the hosts have 3.11"
    return None


pytestmark = [pytest.mark.slow, pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip()))]

SERVICES = [("h1", "vedette-server"), ("h1", "vedette-agent"), ("h2", "vedette-agent")]
PATIENCE = 90


@dataclass(frozen=True, slots=True)
class Deployment:
    """The lab with its inventory, and what the first runs of the playbook told."""

    lab: Lab
    hosts: Path
    wheels: Path
    rehearsal: Run
    written_by_rehearsal: str
    first: Run
    second: Run

    def play(self, *options: str) -> Run:
        return run_playbook(self.lab, self.hosts, *options)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    wheels = tmp_path_factory.mktemp("wheels")
    wheel = build_wheel(wheels)
    variables = {
        "vedette_wheel": str(wheel),
        "vedette_server_ingest_listen": "0.0.0.0:9471",
        "vedette_server_ingest_insecure": True,
        "vedette_agent_push_url": "http://10.77.0.11:9471",
        "vedette_agent_interval": "2s",
    }
    groups = {
        "vedette_servers": group(wheel, ["h1"], "agent,server"),
        "vedette_agents": group(wheel, ["h1", "h2"], "agent"),
    }
    with Lab(hosts=2) as lab:
        hosts = inventory(lab, groups, variables)
        rehearsal = run_playbook(lab, hosts, "--check", "--limit", "h1")
        written = lab.hosts["h1"].run(["find", "/opt", "/etc/vedette", "-mindepth", "1"], check=False)
        first = run_playbook(lab, hosts)
        if first.code:
            pytest.fail(f"the first run of the playbook failed\n{first.output}", pytrace=False)
        second = run_playbook(lab, hosts)
        yield Deployment(lab, hosts, wheels, rehearsal, written, first, second)


def group(wheel: Path, hosts: Sequence[str], extras: str) -> Group:
    house = cache_folder() / f"wheelhouse-{extras}"
    return Group(hosts, {"vedette_wheelhouse": str(collect_wheelhouse(house, wheel, extras))})


@pytest.fixture
def lab(deployment: Deployment) -> Lab:
    return deployment.lab


def properties(host: Host, service: str, *names: str) -> list[str]:
    return host.run(["systemctl", "show", "--value", *(f"--property={name}" for name in names), service]).split()


def main_pids(lab: Lab) -> dict[tuple[str, str], str]:
    return {(name, service): properties(lab.hosts[name], service, "MainPID")[0] for name, service in SERVICES}


def query(lab: Lab, expression: str) -> dict[str, float]:
    """The server's answer to a query, by the label host; empty while the server does not answer."""
    command = ["curl", "--silent", "--show-error", "--get", "http://127.0.0.1:9470/api/v1/query"]
    done = lab.hosts["h1"].try_run([*command, "--data-urlencode", f"query={expression}"])
    if done is None or done.returncode:
        return {}
    answer = json.loads(done.stdout)
    assert answer["status"] == "success", answer
    return {series["metric"]["host"]: float(series["value"][1]) for series in answer["data"]["result"]}


def wait_fresh(lab: Lab) -> None:
    """Wait until samples of both hosts have arrived that were taken after now."""
    now = time.time()
    deadline = time.monotonic() + PATIENCE
    while True:
        seen = query(lab, "max by (host) (timestamp(node_time_seconds))")
        if sorted(seen) == ["h1", "h2"] and min(seen.values()) > now:
            return
        assert time.monotonic() < deadline, f"no new samples of both hosts: {seen}, now is {now}"
        time.sleep(0.5)


def test_rehearsal(deployment: Deployment) -> None:
    """Check mode works on a host that has nothing of Vedette yet, tells of changes, and makes none."""
    assert deployment.rehearsal.code == 0, deployment.rehearsal.output
    assert deployment.rehearsal.recaps["h1"].changed > 0
    assert deployment.written_by_rehearsal == ""


def test_first_run(deployment: Deployment) -> None:
    """The first run deploys both hosts."""
    assert deployment.first.code == 0, deployment.first.output
    assert sorted(deployment.first.recaps) == ["h1", "h2"]


def test_second_run_changes_nothing(deployment: Deployment) -> None:
    """The second run finds everything as it should be."""
    assert deployment.second.code == 0, deployment.second.output
    assert {name: recap.changed for name, recap in deployment.second.recaps.items()} == {"h1": 0, "h2": 0}


@pytest.mark.parametrize(("name", "service"), SERVICES)
def test_services_run(lab: Lab, name: str, service: str) -> None:
    """Each service is active, has notified that it is ready (its type would not be active before), starts at boot, and
    has not been restarted by systemd."""
    host = lab.hosts[name]
    assert host.run(["systemctl", "is-active", service]) == "active\n"
    assert host.run(["systemctl", "is-enabled", service]) == "enabled\n"
    names = ("Type", "SubState", "Result", "NRestarts")
    assert sorted(properties(host, service, *names)) == sorted(["notify", "running", "success", "0"])


@pytest.mark.parametrize(
    ("name", "service", "account", "capabilities"),
    [
        ("h1", "vedette-server", "vedette", "0000000000000000"),
        ("h2", "vedette-agent", "vedette-agent", "0000000000000004"),
    ],
)
def test_privileges(lab: Lab, name: str, service: str, account: str, capabilities: str) -> None:
    """A service runs as its own account, with the capabilities of its unit and no way to more."""
    host = lab.hosts[name]
    (pid,) = properties(host, service, "MainPID")
    assert host.run(["stat", "--format=%U", f"/proc/{pid}"]) == f"{account}\n"
    status = dict(line.split(":\t", 1) for line in host.run(["cat", f"/proc/{pid}/status"]).splitlines())
    assert (status["CapEff"], status["CapBnd"], status["NoNewPrivs"]) == (capabilities, capabilities, "1")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/vedette/agent.toml", "640 root:vedette-agent"),
        ("/etc/vedette/server.toml", "640 root:vedette"),
        ("/etc/vedette/agent.d", "750 root:vedette-agent"),
        ("/var/lib/vedette/agent", "750 vedette-agent:vedette-agent"),
        ("/var/lib/vedette/server", "750 vedette:vedette"),
        ("/opt/vedette/releases", "755 root:root"),
    ],
)
def test_owners_and_modes(lab: Lab, path: str, expected: str) -> None:
    """Secrets are for the services alone, the program is root's."""
    assert lab.hosts["h1"].run(["stat", "--format=%a %U:%G", path]) == f"{expected}\n"


def test_samples_arrive(lab: Lab) -> None:
    """The server has samples of both hosts, and goes on receiving them."""
    wait_fresh(lab)
    assert sorted(query(lab, "count by (host) (up)")) == ["h1", "h2"]
    assert query(lab, "count by (host) (up == 1)") == query(lab, "count by (host) (up)")


def test_agent_measures_from_its_sandbox(lab: Lab) -> None:
    """Filesystems are measured where the sandbox is in the way: at /home, below a closed folder, below /tmp; a mount
    that comes later is seen; and what the sandbox has remounted read-only is not told as read-only."""
    host = lab.hosts["h2"]
    sizes = {"/home": 5, "/tmp/mount": 6, "/var/closed/mount": 7}
    for path, size in sizes.items():
        host.run(["mkdir", "-p", path])
        host.run(["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0700", "lab", path])
    host.run(["chmod", "0700", "/var/closed"])
    wait_fresh(lab)
    for path, size in sizes.items():
        labels = f'{{host="h2",mountpoint="{path}"}}'
        assert query(lab, f"node_filesystem_size_bytes{labels}") == {"h2": size * 2.0**20}, path
        assert query(lab, f"node_filesystem_device_error{labels}") == {"h2": 0}, path
        assert query(lab, f"node_filesystem_readonly{labels}") == {"h2": 0}, path
    log = host.run(["journalctl", "--unit=vedette-agent", "--output=cat"])
    assert "collector failed" not in log, log


def test_secrets_are_hidden_from_the_agent(lab: Lab) -> None:
    """Its capability would let the agent read any file: not the ones that are masked."""
    host = lab.hosts["h2"]
    (pid,) = properties(host, "vedette-agent", "MainPID")
    inside = ["nsenter", "--target", pid, "--mount", "--setuid", "65534", "--", "cat"]
    for path in ("/etc/shadow", "/etc/ssh/ssh_host_ed25519_key", "/root/.ssh/authorized_keys"):
        assert host.run(["stat", "--format=%F", path]).startswith("regular"), path
        assert host.run([*inside, path], check=False) == "", path


def test_refused_configuration(deployment: Deployment) -> None:
    """A configuration that the agent does not take fails the run with the reason; the agent and its file stay."""
    lab = deployment.lab
    before, text = main_pids(lab), lab.hosts["h2"].run(["cat", "/etc/vedette/agent.toml"])
    run = deployment.play("--limit", "h2", "--extra-vars", "vedette_agent_listen=0.0.0.0:9472")
    assert run.code != 0
    assert "or insecure = true to do without" in run.output
    assert lab.hosts["h2"].run(["cat", "/etc/vedette/agent.toml"]) == text
    assert main_pids(lab) == before


def test_changed_configuration_restarts_its_service_alone(deployment: Deployment) -> None:
    """A changed variable restarts the service that it concerns, on its host, and nothing else."""
    lab = deployment.lab
    before = main_pids(lab)
    run = deployment.play("--limit", "h1", "--extra-vars", '{"vedette_agent_labels": {"rack": "b\\"07"}}')
    assert run.code == 0, run.output
    after = main_pids(lab)
    assert {key for key in after if after[key] != before[key]} == {("h1", "vedette-agent")}
    wait_fresh(lab)
    assert query(lab, 'count by (host) (node_time_seconds{rack="b\\"07"})') == {"h1": 1}


def test_reload(lab: Lab) -> None:
    """``systemctl reload`` keeps the processes, and they go on working."""
    before = main_pids(lab)
    for name, service in SERVICES:
        lab.hosts[name].run(["systemctl", "reload", service])
    wait_fresh(lab)
    assert main_pids(lab) == before


def test_upgrade(deployment: Deployment) -> None:
    """Another wheel replaces the program at once, restarts what runs the old one, and keeps that to go back to."""
    lab = deployment.lab
    before = main_pids(lab)
    old = lab.hosts["h2"].run(["readlink", "/opt/vedette/bin"])
    wheel = build_wheel(deployment.wheels / "next", tree=next_version(deployment.wheels / "tree"))
    run = deployment.play("--extra-vars", f"vedette_wheel={wheel}")
    assert run.code == 0, run.output
    for host in lab.hosts.values():
        assert host.run(["vedette", "--version"]) == "vedette 99.0\n"
    assert host.run(["ls", f"/opt/vedette/{old.strip()}/vedette"]) != ""
    after = main_pids(lab)
    assert all(after[key] != before[key] for key in after)
    wait_fresh(lab)


def test_reboot(lab: Lab) -> None:
    """After a reboot of the server's host and a loss of power at the other, all services are back by themselves."""
    lab.hosts["h2"].lose_power()
    lab.hosts["h1"].reboot()
    lab.hosts["h2"].start()
    lab.hosts["h2"].wait_ready()
    wait_fresh(lab)
    for name, service in SERVICES:
        assert lab.hosts[name].run(["systemctl", "is-active", service]) == "active\n"


def next_version(tree: Path) -> Path:
    """A copy of what the wheel is made of, under a later version."""
    for name in ("agent", "server", "shared"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tree / name)
    for name in ("pyproject.toml", "shared/vedette_shared/__init__.py"):
        path = tree / name
        path.write_text(re.sub(r'(?m)^(version|__version__) = ".*"$', r'\1 = "99.0"', path.read_text()))
    return tree
