"""Vedette as a user deploys it: the wheel, the wheels that it needs, an inventory and the playbook's runs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.lab import Lab
from tests.deploy.lab.commands import execute

ROOT = Path(__file__).parents[2]
ANSIBLE = ROOT / "ansible"
BIN = Path(sys.executable).parent
_RECAP = re.compile(r"(?m)^(\S+)\s+: (ok=\d+.*)$")


@dataclass(frozen=True, slots=True)
class Recap:
    """What a run did on one host."""

    ok: int
    changed: int
    unreachable: int
    failed: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the playbook."""

    code: int
    recaps: dict[str, Recap]
    output: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the inventory."""

    hosts: Sequence[str]
    variables: Mapping[str, object]


def build_wheel(folder: Path, tree: Path = ROOT) -> Path:
    """Return the wheel of this working tree, or of another ``tree``, built into ``folder``."""
    execute([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(tree)])
    (wheel,) = folder.glob("vedette-*.whl")
    return wheel


def collect_wheelhouse(folder: Path, wheel: Path, extras: str) -> Path:
    """Return ``folder``, filled with what ``wheel`` with ``extras`` needs for this Python, the hosts' as well."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    execute([*pip, "--wheel-dir", str(folder), f"{wheel}[{extras}]"], timeout=600)
    for own in folder.glob("vedette-*.whl"):
        own.unlink()
    return folder


def inventory(
    lab: Lab,
    groups: Mapping[str, Group],
    variables: Mapping[str, object],
    of_hosts: Mapping[str, Mapping[str, object]],
) -> Path:
    """Write an inventory of the lab's hosts in JSON, which is YAML, and return its path."""
    options = " ".join(["-o", "ControlMaster=auto", "-o", "ControlPersist=60s", *lab.ssh_arguments()])
    hosts = {name: {"ansible_host": host.address, **of_hosts.get(name, {})} for name, host in lab.hosts.items()}
    document = {
        "all": {
            "vars": {"ansible_user": "root", "ansible_ssh_args": options, **variables},
            "hosts": hosts,
            "children": {
                name: {"hosts": dict.fromkeys(group.hosts), "vars": group.variables} for name, group in groups.items()
            },
        }
    }
    path = lab.folder / "hosts.json"
    path.write_text(json.dumps(document, indent=1))
    return path


def run_playbook(lab: Lab, hosts: Path, *options: str, timeout: float = 1800) -> Run:
    """Run site.yml from the bridge's end of the lab's network, and return what it told."""
    command = [str(BIN / "ansible-playbook"), "--inventory", str(hosts), "site.yml", *options]
    done = lab.execute(command, timeout=timeout, env=environment(lab.folder), folder=ANSIBLE, check=False)
    recaps = {name: _recap(counts) for name, counts in _RECAP.findall(done.stdout)}
    return Run(done.returncode, recaps, done.stdout + done.stderr)


def environment(home: Path) -> dict[str, str]:
    """Return an environment for Ansible that leaves nothing in the home of whoever runs the tests."""
    own = {
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(home / "cp"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "1",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | own


def _recap(counts: str) -> Recap:
    numbers = dict(pair.split("=") for pair in counts.split())
    return Recap(*(int(numbers[name]) for name in ("ok", "changed", "unreachable", "failed")))
