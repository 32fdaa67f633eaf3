"""Helpers: Redfish services as processes, and sources that read them."""

from __future__ import annotations

import hashlib
import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.agent.redfish.service import PASSWORD, USER
from vedette_agent.ipmi.config import COLLECTORS, Collector
from vedette_agent.ipmi.source import BmcSource
from vedette_agent.redfish.bmc import RedfishBmc
from vedette_agent.redfish.session import RedfishTarget
from vedette_shared.clock import SystemClock

HERE = Path(__file__).parent
TIMEOUT_S = 10.0


class Service:
    """A running Redfish service."""

    def __init__(self, folder: Path, certificate: Path, tree: str) -> None:
        self.certificate = certificate
        self._control, self._log = folder / "control.json", folder / "requests"
        self._log.touch()
        self.tell()
        file = HERE / "trees" / f"{tree}.json"
        command = [sys.executable, str(HERE / "service.py"), *map(str, (file, certificate, self._control, self._log))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def tell(self, *, forget_sessions: bool = False, replace: dict[str, Any] | None = None, **faults: Any) -> None:
        """Misbehave from now on: ``faults`` by path."""
        told = {"fault": faults, "replace": replace or {}, "forget_sessions": forget_sessions}
        aside = self._control.with_suffix(".new")
        aside.write_text(json.dumps(told))
        aside.replace(self._control)

    @property
    def requests(self) -> list[str]:
        return self._log.read_text().splitlines()

    def target(self, password: str = PASSWORD) -> RedfishTarget:
        return RedfishTarget(f"https://127.0.0.1:{self.port}", USER, password, ca_file=str(self.certificate))

    def bmc(self, *, timeout: float = TIMEOUT_S, password: str = PASSWORD) -> RedfishBmc:
        return RedfishBmc(self.target(password), timeout, SystemClock().now_ms)

    def source(
        self,
        collectors: tuple[Collector, ...] = COLLECTORS,
        *,
        timeout: float = TIMEOUT_S,
        cursor_file: Path | None = None,
    ) -> BmcSource:
        bmc = self.bmc(timeout=timeout)
        return BmcSource(
            "test",
            bmc,
            collectors,
            interval_ms=30_000,
            timeout=timeout,
            clock=SystemClock(),
            host="web1",
            cursor_file=cursor_file,
        )

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key, in one file."""
    key, certificate, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bmc"
    options = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *options], check=True, capture_output=True)
    both.write_text(certificate.read_text() + key.read_text())
    return both


def fingerprint_of(certificate: Path) -> str:
    pem = certificate.read_text().partition("-----BEGIN PRIVATE")[0]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
