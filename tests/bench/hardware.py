"""The agent with hardware and applications: what each costs in memory and CPU; twenty BMCs at the same time."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.agent.ipmi.simulator import PASSWORD, USER, SimulatedBmc
from tests.agent.redfish import service
from tests.agent.redfish.running import Service, make_certificate
from tests.agent.snmp.agents import snmpsim
from tests.agent.snmp.switches import switch
from tests.bench.agent import resident_mb, sink
from tests.bench.bmcs import BMCS, TREE, Readings, by_ipmi, by_redfish
from tests.bench.peers import PeerMissingError, Process, free_port
from tests.bench.report import report
from vedette_shared.errors import VedetteError

PORTS = 48
SETTLE_S, MEASURED_S = 35.0, 120.0
"""Each source was read once, with all that only its first reading does; then two or more readings of each."""

RESIDENT_BAR_MB = 60.0
CPU_BAR_PERCENT = 1.0
BMCS_BAR_S = 2.0

EXPORTERS = {
    "redis": ("prometheus-redis-exporter", "redis_up"),
    "mysql": ("prometheus-mysqld-exporter", "mysql_up"),
    "postgres": ("prometheus-postgres-exporter", "pg_up"),
    "apache": ("prometheus-apache-exporter", "apache_up"),
}
"""By job; the services themselves are not there, as what they are is no matter of the agent's."""

_CONFIG = """
host = "bench"
data = "{folder}/data"
log_level = "error"
[expose]
listen = "127.0.0.1:{port}"
[push]
url = "{url}"
[apps]
ban = {ban}
"""

_IPMI = """
[ipmi]
interval = "30s"
collectors = ["ipmi", "bmc", "chassis", "sel"]
[[ipmi.bmc]]
address = "127.0.0.1:{port}"
user = "{user}"
password_file = "{secret}"
"""

_REDFISH = """
[ipmi]
interval = "30s"
[[ipmi.bmc]]
address = "127.0.0.1:{port}"
protocol = "redfish"
user = "{user}"
password_file = "{secret}"
tls = {{ ca_file = "{ca_file}" }}
"""

_DEVICE = """
[[snmp]]
host = "sw{number}"
address = "127.0.0.1:{port}"
community = "sw{number}"
interval = "60s"
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """An agent that is measured.

    Attributes:
        more: What its configuration has more than that of an agent that reads the node alone.
        series: How many series of which names its page has to hold.
        finds: Whether it scrapes the exporters that it finds.
    """

    more: str
    series: Mapping[str, int]
    finds: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What an agent costs: percent of a core, and resident megabytes."""

    cpu_percent: float
    resident_mb: float


@contextmanager
def kinds(folder: Path) -> Iterator[dict[str, Kind]]:
    """The agents to compare, while all that they read runs."""
    secret, redfish_secret = folder / "secret", folder / "redfish-secret"
    secret.write_text(f"{PASSWORD}\n")
    redfish_secret.write_text(f"{service.PASSWORD}\n")
    for name in ("snmp", "redfish"):
        (folder / name).mkdir()
    recordings = {f"sw{number}": switch(PORTS) for number in (1, 2)}
    with ExitStack() as stack:
        bmc = SimulatedBmc(folder / "bmc")
        stack.callback(bmc.stop)
        certificate = make_certificate(folder)
        other = Service(folder / "redfish", certificate, TREE)
        stack.callback(other.stop)
        devices = stack.enter_context(snmpsim(folder / "snmp", recordings))
        for job, (program, _) in EXPORTERS.items():
            flag = "--telemetry.address" if job == "apache" else "--web.listen-address"
            command = [program, f"{flag}=127.0.0.1:{free_port()}"]
            environment = {
                "DATA_SOURCE_NAME": "postgresql://127.0.0.1:1/" if job == "postgres" else "a:b@(127.0.0.1:1)/"
            }
            stack.enter_context(Process(command, folder / f"{job}.log", environment))
        switches = "".join(_DEVICE.format(number=number, port=devices.port) for number in (1, 2))
        yield {
            "node": Kind("", {}),
            "ipmi_snmp": Kind(
                _IPMI.format(port=bmc.port, user=USER, secret=secret) + switches,
                {"ifOperStatus": 2 * PORTS, "ipmi_temperature_celsius": 3},
            ),
            "redfish": Kind(
                _REDFISH.format(port=other.port, user=service.USER, secret=redfish_secret, ca_file=certificate),
                {"ipmi_temperature_celsius": 2, "redfish_system_health": 1},
            ),
            "apps": Kind("", {up: 1 for _, up in EXPORTERS.values()}, finds=True),
        }


@contextmanager
def agent(folder: Path, name: str, port: int, kind: Kind) -> Iterator[Process]:
    """Run an agent that pushes, and listens on ``port``."""
    own = folder / name
    own.mkdir()
    ban = [] if kind.finds else list(EXPORTERS)
    with sink() as (_, url):
        config = own / "agent.toml"
        config.write_text(_CONFIG.format(folder=own, port=port, url=url, ban=ban) + kind.more)
        command = [sys.executable, "-m", "vedette_shared.command", "agent", "--config", str(config)]
        with Process(command, own / "log") as process:
            process.wait_for(f"http://127.0.0.1:{port}/healthz")
            yield process


def costs(folder: Path) -> dict[str, Cost]:
    """What agents cost, by what they read beside the node."""
    with kinds(folder) as all_kinds, ExitStack() as stack:
        ports = {name: free_port() for name in all_kinds}
        agents = {
            name: stack.enter_context(agent(folder, f"agent-{name}", ports[name], kind))
            for name, kind in all_kinds.items()
        }
        time.sleep(SETTLE_S)
        begin, before = time.monotonic(), {name: process.cpu_seconds() for name, process in agents.items()}
        time.sleep(MEASURED_S)
        elapsed = time.monotonic() - begin
        found = {
            name: Cost(100 * (process.cpu_seconds() - before[name]) / elapsed, resident_mb(process))
            for name, process in agents.items()
        }
        for name, kind in all_kinds.items():
            _check_page(name, ports[name], kind.series)
        return found


def _check_page(name: str, port: int, expected: Mapping[str, int]) -> None:
    """Raise VedetteError unless the agent has read all that it was to read."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    found = {metric: page.count(f"\n{metric}{{") for metric in expected}
    if found != expected:
        raise VedetteError(f"the agent with {name} shows {found}, where {dict(expected)} is due")


def _told(protocol: str, readings: Readings) -> bool:
    figures = {name: value for name, value in asdict(readings).items() if name != "first"}
    bars = {"seconds": (readings.first, BMCS_BAR_S)}
    if protocol == "redfish":  # services that are slower than the agent: their share of the time has no bar
        figures["seconds"], bars = readings.first, {}
    return report("hardware", {"bmcs": BMCS, **figures}, bars, protocol=protocol)


def main() -> int:
    """Print a line of JSON for each figure; 0 if every bar is met."""
    for program, package in (("ipmi_sim", "openipmi"), *((name, name) for name, _ in EXPORTERS.values())):
        if shutil.which(program) is None:
            raise PeerMissingError(package)
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        folder = Path(name)
        met = []
        for protocol, read in (("ipmi", by_ipmi), ("redfish", by_redfish)):
            (folder / protocol).mkdir()
            met.append(_told(protocol, read(folder / protocol)))
        (folder / "agents").mkdir()
        found = costs(folder / "agents")
    for reads, cost in found.items():
        bars = {"cpu_percent": (cost.cpu_percent, CPU_BAR_PERCENT), "resident_mb": (cost.resident_mb, RESIDENT_BAR_MB)}
        met.append(report("hardware", {}, bars, agent_with=reads))
    return 0 if all(met) else 1
