"""From one release to the next and back, and through reboots: what the agents measured and told stays."""

from __future__ import annotations

import time

import pytest

from tests.deploy.deployment import (
    SERVICES,
    Deployment,
    events,
    journal,
    main_pids,
    next_version,
    query,
    reason_to_skip,
    wait_fresh,
)
from tests.deploy.lab import Lab
from tests.deploy.playbook import build_wheel
from vedette_shared import __version__

pytestmark = [pytest.mark.slow, pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip()))]


@pytest.fixture(scope="module")
def before(lab: Lab) -> tuple[float, dict[str, float]]:
    """A moment before the upgrade, and the time of both hosts as the server had it then."""
    wait_fresh(lab)
    moment = time.time()
    return moment, query(lab, "max by (host) (node_time_seconds)", moment)


def releases(lab: Lab) -> dict[str, set[str]]:
    """The releases on each host."""
    return {name: set(host.run(["ls", "/opt/vedette/releases"]).split()) for name, host in lab.hosts.items()}


def test_upgrade(deployment: Deployment, before: tuple[float, dict[str, float]]) -> None:
    """Another wheel replaces the program at once, with its kernels compiled, restarts what runs the old one, and keeps
    that to go back to."""
    lab = deployment.lab
    pids, told = main_pids(lab), events(lab)
    old = lab.hosts["h2"].run(["readlink", "/opt/vedette/bin"])
    wheel = build_wheel(deployment.wheels / "next", tree=next_version(deployment.wheels / "tree"))
    run = deployment.play("--extra-vars", f"vedette_wheel={wheel}")
    assert run.code == 0, run.output
    for host in lab.hosts.values():
        assert host.run(["vedette", "--version"]) == "vedette 99.0\n"
    assert lab.hosts["h2"].run(["ls", f"/opt/vedette/{old.strip()}/vedette"]) != ""
    after = main_pids(lab)
    assert all(after[key] != pids[key] for key in after)
    wait_fresh(lab)
    moment, seen = before
    assert query(lab, "max by (host) (node_time_seconds)", moment) == seen
    assert events(lab)[: len(told)] == told
    assert "compiling kernels" not in journal(lab.hosts["h1"], "vedette-server")


def test_rollback(deployment: Deployment, before: tuple[float, dict[str, float]]) -> None:
    """The wheel of before is switched to without anything built or compiled, and reads what the later one wrote."""
    lab = deployment.lab
    pids, there, told = main_pids(lab), releases(lab), events(lab)
    run = deployment.play()
    assert run.code == 0, run.output
    assert releases(lab) == there
    for host in lab.hosts.values():
        assert host.run(["vedette", "--version"]) == f"vedette {__version__}\n"
    after = main_pids(lab)
    assert all(after[key] != pids[key] for key in after)
    wait_fresh(lab)
    moment, seen = before
    assert query(lab, "max by (host) (node_time_seconds)", moment) == seen
    assert events(lab)[: len(told)] == told
    assert "compiling kernels" not in journal(lab.hosts["h1"], "vedette-server")


def test_reboot(lab: Lab) -> None:
    """After a reboot of the server's host and a loss of power at the other, all services are back by themselves."""
    lab.hosts["h2"].lose_power()
    lab.hosts["h1"].reboot()
    lab.hosts["h2"].start()
    lab.hosts["h2"].wait_ready()
    wait_fresh(lab)
    for name, service in SERVICES:
        assert lab.hosts[name].run(["systemctl", "is-active", service]) == "active\n"
