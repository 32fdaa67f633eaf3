"""Vedette as the playbook deploys it in the lab: the server on h1, agents on both hosts, pushing to h1."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.lab import Host, Lab, LabError, why_not
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
SERVICES = [("h1", "vedette-server"), ("h1", "vedette-agent"), ("h2", "vedette-agent")]
PATIENCE = 90
APPS = {"interval": "2s"}
TRAPS = {"listen": "0.0.0.0:162", "insecure": True, "communities": ["public"], "interval": "1s"}
VARIABLES: Mapping[str, object] = {
    "vedette_server_ingest_listen": "0.0.0.0:9471",
    "vedette_server_ingest_insecure": True,
    "vedette_agent_push_url": "http://10.77.0.11:9471",
    "vedette_agent_interval": "2s",
}
OF_HOSTS: Mapping[str, Mapping[str, object]] = {
    "h1": {
        "vedette_agent_freeipmi": True,
        "vedette_agent_settings": {"ipmi": {"interval": "5s", "inband": "freeipmi"}},
    },
    "h2": {
        "vedette_agent_snmp_traps": True,
        "vedette_agent_groups": ["www-data"],
        "vedette_agent_settings": {"snmp_traps": TRAPS, "apps": APPS},
    },
}
"""h1 asks for its own BMC, as root; h2 takes traps and has applications."""


def reason_to_skip() -> str | None:
    """Return what keeps the deployment from being tested on this machine, or ``None``."""
    if reason := why_not():
        return reason
    if not (BIN / "ansible-playbook").exists():
        return "ansible-core is not installed: pip install ansible-core"
    if sys.version_info[:2] != HOST_PYTHON:
        return "the wheels are collected for the Python that runs the tests, and the hosts have 3.11"
    return None


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
        """Run the playbook once more."""
        return run_playbook(self.lab, self.hosts, *options)


@contextmanager
def deployed(wheels: Path) -> Iterator[Deployment]:
    """Deploy to two new hosts: in check mode, then for real, then again. What is built lies in ``wheels``.

    Raises:
        LabError: the first run failed.
    """
    wheel = build_wheel(wheels)
    groups = {
        "vedette_servers": _group(wheel, ["h1"], "agent,server"),
        "vedette_agents": _group(wheel, ["h1", "h2"], "agent"),
    }
    with Lab(hosts=2) as lab:
        hosts = inventory(lab, groups, {"vedette_wheel": str(wheel), **VARIABLES}, OF_HOSTS)
        rehearsal = run_playbook(lab, hosts, "--check", "--limit", "h1")
        written = lab.hosts["h1"].run(["find", "/opt", "/etc/vedette", "-mindepth", "1"], check=False)
        first = run_playbook(lab, hosts)
        if first.code:
            raise LabError(f"the first run of the playbook failed\n{first.output}")
        yield Deployment(lab, hosts, wheels, rehearsal, written, first, run_playbook(lab, hosts))


def _group(wheel: Path, hosts: Sequence[str], extras: str) -> Group:
    house = cache_folder() / f"wheelhouse-{extras}"
    return Group(hosts, {"vedette_wheelhouse": str(collect_wheelhouse(house, wheel, extras))})


def properties(host: Host, service: str, *names: str) -> list[str]:
    """What systemd tells of a service."""
    return host.run(["systemctl", "show", "--value", *(f"--property={name}" for name in names), service]).split()


def main_pids(lab: Lab) -> dict[tuple[str, str], str]:
    """The main process of each service."""
    return {(name, service): properties(lab.hosts[name], service, "MainPID")[0] for name, service in SERVICES}


def journal(host: Host, service: str) -> str:
    """What a service has logged."""
    return host.run(["journalctl", f"--unit={service}", "--output=cat"])


def query(lab: Lab, expression: str, at: float | None = None) -> dict[str, float]:
    """The server's answer to a query, by the label host; empty while the server does not answer."""
    command = ["curl", "--silent", "--show-error", "--get", "http://127.0.0.1:9470/api/v1/query"]
    command += [] if at is None else ["--data-urlencode", f"time={at:.3f}"]
    done = lab.hosts["h1"].try_run([*command, "--data-urlencode", f"query={expression}"])
    if done is None or done.returncode:
        return {}
    answer = json.loads(done.stdout)
    assert answer["status"] == "success", answer
    return {series["metric"]["host"]: float(series["value"][1]) for series in answer["data"]["result"]}


def events(lab: Lab, *options: str) -> list[dict[str, Any]]:
    """What ``vedette events`` tells on the server's host."""
    lines = lab.hosts["h1"].run(["vedette", "events", "--json", *options]).splitlines()
    return [json.loads(line) for line in lines]


def eventually(what: str, seen: Callable[[], object], holds: Callable[[Any], bool]) -> None:
    """Wait until ``holds`` is true of what is seen."""
    deadline = time.monotonic() + PATIENCE
    while not holds(now := seen()):
        assert time.monotonic() < deadline, f"{what}: {now}"
        time.sleep(0.5)


def wait_fresh(lab: Lab) -> None:
    """Wait until samples of both hosts have arrived that were taken after now."""
    now = time.time()
    eventually(
        f"new samples of both hosts, after {now}",
        lambda: query(lab, "max by (host) (timestamp(node_time_seconds))"),
        lambda seen: sorted(seen) == ["h1", "h2"] and min(seen.values()) > now,
    )


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
