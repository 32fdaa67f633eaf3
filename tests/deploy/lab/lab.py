"""The lab as a whole: hosts that are up on a network of their own for the length of a ``with`` block."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.deploy.lab.base import base_tree, cache_folder, locked, ssh_key
from tests.deploy.lab.commands import absent, execute
from tests.deploy.lab.errors import LabError
from tests.deploy.lab.host import Host
from tests.deploy.lab.network import NAMESPACES, Network, remove_namespaces

TOOLS = ("debootstrap", "ip", "nsenter", "setpriv", "ssh", "ssh-keygen", "systemd-nspawn")
_numbers = itertools.count()
DEBIAN_PACKAGES = "debootstrap iproute2 openssh-client systemd-container util-linux"


def why_not() -> str | None:
    """Return what keeps the lab from running on this machine, or ``None``."""
    if os.geteuid() != 0:
        return "the lab needs root"
    if missing := absent(TOOLS):
        return f"the lab needs {', '.join(missing)}: apt-get install {DEBIAN_PACKAGES}"
    return None


class Lab:
    """Boots hosts named h1, h2, … and takes everything down at the end, whatever happened between.

    The base tree and the ssh key stay in the cache; each lab has a folder of its own beneath it, which goes with it.
    """

    def __init__(self, hosts: int, cache: Path | None = None) -> None:
        self._cache = cache_folder() if cache is None else cache
        # No tag begins with another and a dash, by which namespaces are told apart.
        number = next(_numbers)
        self._tag = f"vl{os.getpid()}" + (f"x{number}" if number else "")
        self.folder = self._cache / "runs" / self._tag
        self.network = Network(self._tag)
        self._count = hosts
        self.hosts: dict[str, Host] = {}

    def __enter__(self) -> Self:
        if reason := why_not():
            raise LabError(reason)
        remove_leftovers(self._cache)
        base = base_tree(self._cache)
        self.key = ssh_key(self._cache)
        self.folder.mkdir(parents=True)
        (self.folder / "owner").write_text(_identity(os.getpid()) or "")
        try:
            self._up(base)
        except BaseException:
            self._down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._down()

    def execute(
        self,
        command: Sequence[str],
        *,
        timeout: float = 60,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of this machine at the bridge's end of the lab's network."""
        entered = ["nsenter", f"--net={NAMESPACES / self.network.namespace}", "--", *command]
        return execute(entered, timeout=timeout, env=env, folder=folder, check=check)

    def ssh_arguments(self) -> list[str]:
        """Return the options that make ssh accept the lab's hosts, which draw new keys each time."""
        pairs = {"IdentityFile": self.key, "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null"}
        return [part for name, value in pairs.items() for part in ("-o", f"{name}={value}")] + ["-o", "LogLevel=ERROR"]

    def _up(self, base: Path) -> None:
        self.network.up()
        for number in range(self._count):
            name = f"h{number + 1}"
            host = Host(name, self.network.address_of(number), self.network, self.folder / name)
            host.mount(base)
            self.hosts[name] = host
            host.start()
        for host in self.hosts.values():
            host.wait_ready()

    def _down(self) -> None:
        for host in self.hosts.values():
            host.begin_stop()
        for host in self.hosts.values():
            host.end_stop()
        _remove_run(self.folder)


def remove_leftovers(cache: Path) -> None:
    """Unmount and delete what labs left behind whose process was killed. Their hosts died with it."""
    with locked(cache, "leftovers"):
        for run in _folders(cache / "runs"):
            owner = run / "owner"
            identity = owner.read_text() if owner.exists() else ""
            if not identity or _identity(int(identity.split()[0])) != identity:
                _remove_run(run)


def _remove_run(run: Path) -> None:
    remove_namespaces(run.name)
    for folder in _folders(run):
        while os.path.ismount(folder / "root"):
            execute(["umount", str(folder / "root")])
    shutil.rmtree(run)


def _folders(parent: Path) -> Iterable[Path]:
    return [path for path in sorted(parent.iterdir()) if path.is_dir()] if parent.is_dir() else []


def _identity(pid: int) -> str | None:
    """A process by its pid and start time, so that a pid used again is not taken for it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return f"{pid} {fields[19]}"
