"""Agents of SNMP for tests: snmpd and snmpsim as processes of their own, on ports of loopback."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

NEED_SNMPD = pytest.mark.skipif(shutil.which("snmpd") is None, reason="snmpd is not installed")
NEED_SNMPSIM = pytest.mark.skipif(
    importlib.util.find_spec("snmpsim") is None or importlib.util.find_spec("pysmi") is None,
    reason="snmpsim and pysmi are not installed",
)
PATIENCE_S = 30.0

SNMPD_CONF = """\
agentaddress udp:127.0.0.1:{port}
rocommunity public 127.0.0.1
sysName snmpd-under-test
createUser shauser SHA "authpass123" AES "privpass123"
createUser sha256user SHA-256 "authpass256" AES "privpass256"
createUser sha512user SHA-512 "authpass512"
createUser sha512aesuser SHA-512 "authpass512" AES "privpass512"
createUser sha512aes256user SHA-512 "authpass512" AES-256 "privpass512"
rouser shauser authPriv
rouser sha256user authPriv
rouser sha512user authNoPriv
rouser sha512aesuser authPriv
rouser sha512aes256user authPriv
"""


@dataclass
class Running:
    """An agent at a port; ``log`` is what it writes."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def snmpd(folder: Path, port: int | None = None) -> Iterator[Running]:
    """Run snmpd with users of several kinds, and the community ``public``."""
    port = port or free_port()
    conf, log = folder / "snmpd.conf", folder / "snmpd.log"
    conf.write_text(SNMPD_CONF.format(port=port))
    command = ["snmpd", "-f", "-Lf", str(log), "-C", "-c", str(conf), "-I", "-smux,mteTrigger,mteTriggerConf"]
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder / "state")}
    with _running(command, environment, port, log) as running:
        yield running


@contextlib.contextmanager
def snmpsim(folder: Path, records: dict[str, str]) -> Iterator[Running]:
    """Run snmpsim with a device for each community of ``records``, which map to the content of .snmprec files.

    It knows the user ``simuser`` (SHA-256 ``authpass123``, AES ``privpass123``) too; the context names the device.
    """
    data, cache, log = folder / "data", folder / "cache", folder / "snmpsim.log"
    for made in (data, cache):
        made.mkdir(mode=0o755)
    for community, content in records.items():
        (data / f"{community}.snmprec").write_text(content)
    port = free_port()
    options = {
        # This one begins the description of an engine, and everything before it would be another engine's.
        "v3-engine-id": "auto",
        "data-dir": data,
        "cache-dir": cache,
        "log-level": "error",
        "v3-user": "simuser",
        "v3-auth-key": "authpass123",
        "v3-auth-proto": "SHA256",
        "v3-priv-key": "privpass123",
        "v3-priv-proto": "AES",
        "agent-udpv4-endpoint": f"127.0.0.1:{port}",
    }
    command = [sys.executable, "-W", "ignore", "-c", "from snmpsim.commands.responder import main; main()"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with _running(command, {**os.environ, "SNMPSIM_ALLOW_ROOT": "true"}, port, log) as running:
        yield running


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, log: Path) -> Iterator[Running]:
    with log.open("ab") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
    running = Running(port, process, log)
    try:
        _await_port(running)
        yield running
    finally:
        running.kill()


def _await_port(running: Running) -> None:
    """Wait until the process holds its UDP port."""
    wanted = f"0100007F:{running.port:04X}"
    deadline = time.monotonic() + PATIENCE_S
    while wanted not in Path("/proc/net/udp").read_text():
        if running.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{running.process.args!r} did not start: {running.log.read_text()[-2000:]}")
        time.sleep(0.05)
