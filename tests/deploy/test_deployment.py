"""The playbook for real, over ssh, against two hosts with systemd: what it does, and what runs afterwards.

Run it with ``tests/run -m slow tests/deploy`` or ``pytest -m slow tests/deploy`` as root. The modules test_deployment*
tell one story, on the same two hosts, and run in their order.
"""

from __future__ import annotations

import pytest

from tests.deploy.deployment import (
    SERVICES,
    Deployment,
    journal,
    main_pids,
    properties,
    query,
    reason_to_skip,
    wait_fresh,
)
from tests.deploy.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip()))]


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
        ("h1", "vedette-agent", "root", "0000000000000004"),
        ("h2", "vedette-agent", "vedette-agent", "0000000000000404"),
    ],
)
def test_privileges(lab: Lab, name: str, service: str, account: str, capabilities: str) -> None:
    """A service runs as its own account, or as the root that it was made, with the capabilities of its unit and its
    drop-ins and no way to more."""
    host = lab.hosts[name]
    (pid,) = properties(host, service, "MainPID")
    assert host.run(["stat", "--format=%U", f"/proc/{pid}"]) == f"{account}\n"
    status = dict(line.split(":\t", 1) for line in host.run(["cat", f"/proc/{pid}/status"]).splitlines())
    assert (status["CapEff"], status["CapBnd"], status["NoNewPrivs"]) == (capabilities, capabilities, "1")


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("h1", "/etc/vedette/agent.toml", "640 root:vedette-agent"),
        ("h1", "/etc/vedette/server.toml", "640 root:vedette"),
        ("h1", "/etc/vedette/agent.d", "750 root:vedette-agent"),
        ("h1", "/var/lib/vedette/agent", "750 root:root"),
        ("h2", "/var/lib/vedette/agent", "750 vedette-agent:vedette-agent"),
        ("h1", "/var/lib/vedette/server", "750 vedette:vedette"),
        ("h1", "/var/cache/vedette/server", "750 vedette:vedette"),
        ("h1", "/opt/vedette/releases", "755 root:root"),
    ],
)
def test_owners_and_modes(lab: Lab, name: str, path: str, expected: str) -> None:
    """Secrets are for the services alone, the program is root's."""
    assert lab.hosts[name].run(["stat", "--format=%a %U:%G", path]) == f"{expected}\n"


def test_kernels_are_compiled_before_the_switch(lab: Lab) -> None:
    """By the release that is then switched to, as the server's account; the service has nothing left to compile."""
    host = lab.hosts["h1"]
    compiled = "/opt/vedette/bin/../compiled"
    assert host.run(["sh", "-c", f"test {compiled} -ot /opt/vedette/server.release && echo before"]) == "before\n"
    kernels = host.run(["find", "/var/cache/vedette/server/kernels", "-name", "*.nbc", "-printf", "%u\\n"])
    assert set(kernels.split()) == {"vedette"}
    assert "compiling kernels" not in journal(host, "vedette-server")


def test_samples_arrive(lab: Lab) -> None:
    """The server has samples of both hosts, and goes on receiving them."""
    wait_fresh(lab)
    assert sorted(query(lab, "count by (host) (up)")) == ["h1", "h2"]
    # There is no BMC in the lab.
    there = 'up{job!="ipmi"}'
    assert query(lab, f"count by (host) ({there} == 1)") == query(lab, f"count by (host) ({there})")


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
    log = journal(host, "vedette-agent")
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
