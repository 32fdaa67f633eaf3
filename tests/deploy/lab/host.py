"""One host of the lab: real systemd as PID 1 in systemd-nspawn, over a private layer on the base tree."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from tests.deploy.lab.commands import execute
from tests.deploy.lab.errors import LabError
from tests.deploy.lab.network import NAMESPACES, Network

REBOOT = 133
"""The exit code of systemd-nspawn when the system inside asked for a reboot."""
POLL = 0.05


class Host:
    """A host that is started, rebooted, and loses power as a machine does. Its disk outlives its runs."""

    def __init__(self, name: str, address: str, network: Network, folder: Path) -> None:
        self.name = name
        self.address = address
        self.root = folder / "root"
        self.console = folder / "console.log"
        self._network = network
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._supervisor: threading.Thread | None = None
        self._changed = threading.Condition()

    def mount(self, base: Path) -> None:
        """Lay the host's own layer over the base tree."""
        for part in ("upper", "work", "root"):
            (self._folder / part).mkdir(parents=True)
        layers = f"lowerdir={base},upperdir={self._folder / 'upper'},workdir={self._folder / 'work'}"
        execute(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)])
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        (self.root / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")

    def start(self) -> None:
        """Switch the host on; ``wait_ready`` tells when it is up."""
        if self._supervisor is not None:
            raise LabError(f"{self.name} is on already")
        self._network.attach(self.name, self.address)
        self._supervisor = threading.Thread(target=self._supervise, name=f"lab-{self.name}", daemon=True)
        self._supervisor.start()

    def wait_ready(self, timeout: float = 60) -> None:
        """Wait until the units of the boot are done and sshd listens.

        Raises:
            LabError: not within ``timeout`` seconds; the text ends with the end of the console's log.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            done = self.try_run(["systemctl", "is-active", "ssh.service", "multi-user.target"])
            if done is not None and done.returncode == 0:
                return
            time.sleep(POLL)
        tail = "\n".join(self.console.read_text(errors="replace").splitlines()[-20:])
        raise LabError(f"{self.name} is not up after {timeout} s; its console:\n{tail}")

    def run(self, command: Sequence[str], *, timeout: float = 60, check: bool = True) -> str:
        """Run a command as root in the host, without the network between, and return what it printed.

        Raises:
            LabError: the host is off, or the command failed while ``check`` holds.
        """
        done = execute(self._entered(command), timeout=timeout, check=check)
        return done.stdout

    def try_run(self, command: Sequence[str], *, timeout: float = 10) -> subprocess.CompletedProcess[str] | None:
        """The same for a host that may be off, or go off meanwhile: then ``None``."""
        try:
            return execute(self._entered(command), timeout=timeout, check=False)
        except LabError:
            return None

    def reboot(self, timeout: float = 60) -> None:
        """Reboot in order and wait until the host is up again."""
        with self._changed:
            before = self._process
            self.try_run(["systemctl", "--no-block", "reboot"])
            if not self._changed.wait_for(lambda: self._process not in (before, None), timeout):
                raise LabError(f"{self.name} has not rebooted after {timeout} s")
        self.wait_ready(timeout)

    def lose_power(self) -> None:
        """End every process of the host at once, with no chance to write anything more. ``start`` powers it again."""
        leader = self._leader()
        if leader is None:
            raise LabError(f"{self.name} is off already")
        # Detached first: the kernel would close the connections of killed processes, which a host without power can't.
        self._network.detach(self.name)
        os.kill(leader, signal.SIGKILL)
        self._join(10)

    def stop(self, timeout: float = 15) -> None:
        """Shut down in order; what does not end in time is killed. A host that is off stays off."""
        self.begin_stop()
        self.end_stop(timeout)

    def begin_stop(self) -> None:
        """Tell the host to shut down, and do not wait for it."""
        self.try_run(["systemctl", "--no-block", "poweroff"])

    def end_stop(self, timeout: float = 15) -> None:
        """Wait until the host is off; kill it when it takes longer than ``timeout`` seconds."""
        if self._supervisor is None:
            return
        self._supervisor.join(timeout)
        if self._process is not None:
            self._process.kill()
        self._join(10)
        self._network.detach(self.name)

    def _supervise(self) -> None:
        # The thread that starts nspawn lives as long as nspawn does, since setpriv ties the child to its parent thread:
        # a lab whose process is killed takes its hosts along.
        while True:
            with self.console.open("ab") as console, self._changed:
                self._process = subprocess.Popen(self._boot(), stdin=subprocess.DEVNULL, stdout=console, stderr=console)
                self._changed.notify_all()
            code = self._process.wait()
            with self._changed:
                self._process = None
                self._changed.notify_all()
            if code != REBOOT:
                return

    def _boot(self) -> list[str]:
        options = ["--boot", "--quiet", "--register=no", "--keep-unit", "--private-users=no", "--link-journal=no"]
        # nspawn forbids to read the clock's state, which real hosts tell anybody; none may set it here.
        options.append("--system-call-filter=adjtimex clock_adjtime")
        namespace = self._network.namespace_of(self.name)
        options += [f"--directory={self.root}", f"--machine={namespace}"]
        return [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "systemd-nspawn",
            *options,
            f"--network-namespace-path={NAMESPACES / namespace}",
        ]

    def _join(self, timeout: float) -> None:
        assert self._supervisor is not None
        self._supervisor.join(timeout)
        if self._supervisor.is_alive():
            raise LabError(f"{self.name} does not end; its console is {self.console}")
        self._supervisor = None

    def _entered(self, command: Sequence[str]) -> list[str]:
        leader = self._leader()
        if leader is None:
            raise LabError(f"{self.name} is off")
        return ["nsenter", "-t", str(leader), "-m", "-p", "-i", "-u", "-n", "--", *command]

    def _leader(self) -> int | None:
        """The pid, outside, of the host's PID 1: the child of nspawn."""
        process = self._process
        if process is None:
            return None
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None
