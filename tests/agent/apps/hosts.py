"""Where the real servers of a test listen: at free ports of this machine, or at the usual ones of an own network."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agent.processes import free_address

PATIENCE_S = 120
"""A machine may be busy with other tests."""

_LISTENING, _ACCEPTS = "0A", "00010000"


def need(*programs: str) -> str:
    """Return the first of ``programs`` that is installed; without any, the test is skipped."""
    for program in programs:
        if found := shutil.which(program):
            return found
    pytest.skip(f"{programs[0]} is not installed")


@dataclass(frozen=True)
class Host:
    """A loopback on which servers listen.

    Attributes:
        enter: What a command begins with to run there.
        net: The tables of its sockets.
    """

    enter: tuple[str, ...] = ()
    net: Path = Path("/proc/net")

    def address(self, usual_port: int) -> str:
        """Return where a server is to listen: where it usually does, if nobody else may be there."""
        return f"127.0.0.1:{usual_port}" if self.enter else free_address()

    @contextmanager
    def run(self, command: Sequence[str | Path], log: Path, address: str) -> Iterator[None]:
        """Run a server until the block ends; the block begins when it listens at ``address``, or at that path."""
        with log.open("ab") as output:
            process = subprocess.Popen([*self.enter, *command], stdout=output, stderr=output)
        try:
            end = time.monotonic() + PATIENCE_S
            while not self._listens(address):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def _listens(self, address: str) -> bool:
        if address.startswith("/"):
            rows = [line.split() for line in (self.net / "unix").read_text().splitlines()]
            return any(row[-1] == address and row[3] == _ACCEPTS for row in rows)
        port = f":{int(address.rpartition(':')[2]):04X}"
        rows = [line.split() for name in ("tcp", "tcp6") for line in (self.net / name).read_text().splitlines()]
        return any(row[1].endswith(port) and row[3] == _LISTENING for row in rows)


HERE = Host()


@contextmanager
def own_network() -> Iterator[Host]:
    """A network of this machine on which nothing listens yet."""
    hold = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != b"up\n":
                pytest.skip("no network of its own can be made here")
            folder = Path(f"/proc/{holder.pid}")
            yield Host(("nsenter", f"--net={folder / 'ns/net'}"), folder / "net")
        finally:
            holder.kill()
