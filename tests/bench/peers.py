"""The peers that Vedette is measured against: Debian's Prometheus and VictoriaMetrics, as processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from vedette_shared.errors import VedetteError

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_START_S = 120.0
_REST_S = 180.0
_AT_REST_S = 0.04
"""So much CPU in two seconds is rest."""


class PeerMissingError(VedetteError):
    """A peer is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(f"{package} is not installed: apt-get install --no-install-recommends {package}")


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A child process that is measured. A context manager that ends it."""

    def __init__(self, arguments: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                arguments, stdout=output, stderr=output, env={**os.environ, **(environment or {})}
            )
        self._log = log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def resident_bytes(self) -> int:
        """Memory that is its own or shared, without pages of files: what it takes from the host."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        return 0

    def memory(self) -> dict[str, int]:
        """Bytes by the names of ``/proc/PID/smaps_rollup``, such as ``Rss`` and ``Anonymous``."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]
        return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}

    def wait_for(self, url: str) -> float:
        """Wait until ``url`` answers 200; returns the seconds that it took.

        Raises:
            VedetteError: the process has ended, or takes too long.
        """
        begin = time.monotonic()
        while time.monotonic() - begin < _START_S:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(url, timeout=_START_S) as answer:
                    if answer.status == 200:
                        return time.monotonic() - begin
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
        raise VedetteError(f"{url} does not answer; see {self._log}")

    def wait_for_rest(self) -> None:
        """Wait until it does next to nothing, as a server does whose start is over.

        Raises:
            VedetteError: it takes too long.
        """
        deadline = time.monotonic() + _REST_S
        used = self.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(2)
            before, used = used, self.cpu_seconds()
            if used - before <= _AT_REST_S:
                return
        raise VedetteError(f"it is still busy after {_REST_S:.0f} s; see {self._log}")

    def kill(self) -> None:
        """End it as a power failure would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Peer:
    """Another metric server."""

    package = ""

    def __init__(self, folder: Path) -> None:
        command = shutil.which(self.package)
        if command is None:
            raise PeerMissingError(self.package)
        folder.mkdir(parents=True, exist_ok=True)
        self.command = command
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Process:
        """Start it and wait until it is ready."""
        process = Process([self.command, *self.arguments()], self.folder / "log")
        process.wait_for(f"{self.url}{self.ready}")
        return process

    ready = "/-/ready"

    def arguments(self) -> list[str]:
        """Its command line."""
        raise NotImplementedError


class Prometheus(Peer):
    """Debian's Prometheus."""

    package = "prometheus"

    def arguments(self) -> list[str]:
        config = self.folder / "prometheus.yml"
        if not config.exists():
            config.write_text("global: {}\n")
        return [
            f"--config.file={config}",
            f"--storage.tsdb.path={self.data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-remote-write-receiver",
            "--web.enable-admin-api",
            "--storage.tsdb.retention.time=10y",
            "--log.level=warn",
        ]


class VictoriaMetrics(Peer):
    """Debian's VictoriaMetrics."""

    package = "victoria-metrics"
    ready = "/health"

    def arguments(self) -> list[str]:
        return [
            f"-storageDataPath={self.data}",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-retentionPeriod=10y",
            "-search.latencyOffset=0s",
            "-loggerLevel=WARN",
        ]
