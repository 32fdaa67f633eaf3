"""The agent with BMCs and switches: memory and CPU with one BMC and two switches; twenty BMCs at the same time."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trio

from tests.agent.ipmi.asking import lan_bmc, source_of
from tests.agent.ipmi.simulator import PASSWORD, USER, SimulatedBmc
from tests.agent.snmp.agents import snmpsim
from tests.agent.snmp.switches import switch
from tests.bench.agent import resident_mb, sink
from tests.bench.peers import PeerMissingError, Process, free_port
from tests.bench.report import report
from vedette_agent.ipmi.source import BmcSource
from vedette_shared.errors import VedetteError

PORTS = 48
TEMPERATURES = 3
"""Of the simulated BMC, which has 24 sensors with a reading."""
BMCS = 20
SETTLE_S, MEASURED_S = 35.0, 120.0
"""Each source was read once, with all that only its first reading does; then two or more readings of each."""

RESIDENT_BAR_MB = 60.0
CPU_BAR_PERCENT = 1.0
BMCS_BAR_S = 2.0

COLLECTORS = ("ipmi", "bmc", "chassis", "sel")
"""Without dcmi, for which the simulator needs a module that is compiled."""

_CONFIG = """
host = "bench"
data = "{folder}/data"
log_level = "error"
[expose]
listen = "127.0.0.1:{port}"
[push]
url = "{url}"
"""

_HARDWARE = """
[ipmi]
interval = "30s"
collectors = ["ipmi", "bmc", "chassis", "sel"]
[[ipmi.bmc]]
address = "127.0.0.1:{bmc}"
user = "{user}"
password_file = "{folder}/secret"
"""

_DEVICE = """
[[snmp]]
host = "sw{number}"
address = "127.0.0.1:{port}"
community = "sw{number}"
interval = "60s"
"""


@contextmanager
def agent(folder: Path, name: str, port: int, more: str) -> Iterator[Process]:
    """Run an agent that pushes and listens on ``port``, with ``more`` in its configuration."""
    own = folder / name
    own.mkdir()
    with sink() as (_, url):
        config = own / "agent.toml"
        config.write_text(_CONFIG.format(folder=own, port=port, url=url) + more)
        command = [sys.executable, "-m", "vedette_shared.command", "agent", "--config", str(config)]
        with Process(command, own / "log") as process:
            process.wait_for(f"http://127.0.0.1:{port}/healthz")
            yield process


def with_hardware(folder: Path) -> tuple[float, float, float]:
    """CPU, in percent of a core, of an agent with hardware and of one without; the resident MB of the first."""
    (folder / "secret").write_text(f"{PASSWORD}\n")
    bmc = SimulatedBmc(folder / "bmc")
    (folder / "snmp").mkdir()
    port = free_port()
    recordings = {f"sw{number}": switch(PORTS) for number in (1, 2)}
    try:
        with snmpsim(folder / "snmp", recordings) as devices, ExitStack() as stack:
            more = _HARDWARE.format(bmc=bmc.port, user=USER, folder=folder)
            more += "".join(_DEVICE.format(number=number, port=devices.port) for number in (1, 2))
            agents = [
                stack.enter_context(agent(folder, "with", port, more)),
                stack.enter_context(agent(folder, "without", free_port(), "")),
            ]
            time.sleep(SETTLE_S)
            begin, before = time.monotonic(), [process.cpu_seconds() for process in agents]
            time.sleep(MEASURED_S)
            elapsed, after = time.monotonic() - begin, [process.cpu_seconds() for process in agents]
            loaded, plain = (100 * (new - old) / elapsed for old, new in zip(before, after, strict=True))
            resident = resident_mb(agents[0])
            _check_page(port)
            return loaded, plain, resident
    finally:
        bmc.stop()


def _check_page(port: int) -> None:
    """Raise VedetteError unless the agent has read all that it was to read."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    ports, temperatures = page.count("\nifOperStatus{"), page.count("\nipmi_temperature_celsius{")
    if (ports, temperatures) != (2 * PORTS, TEMPERATURES):
        raise VedetteError(f"the agent shows {ports} ports and {temperatures} temperatures")


def twenty_bmcs(folder: Path) -> tuple[float, float]:
    """Seconds for the first reading of all, with logins and sensor records, and for the next."""
    bmcs = [SimulatedBmc(folder / f"bmc{number}") for number in range(BMCS)]
    try:
        sources = [source_of(lan_bmc(bmc.port), collectors=COLLECTORS) for bmc in bmcs]
        times = trio.run(_readings, sources)
        for source in sources:
            source.close()
        return times
    finally:
        for bmc in bmcs:
            bmc.stop()


async def _readings(sources: list[BmcSource]) -> tuple[float, float]:
    times = []
    for _ in range(2):
        begin = time.monotonic()
        async with trio.open_nursery() as nursery:
            for source in sources:
                nursery.start_soon(source.collect)
        times.append(time.monotonic() - begin)
        assert not any(source.problems() for source in sources)
    return times[0], times[1]


def main() -> int:
    """Print a line of JSON for each figure; 0 if every bar is met."""
    if shutil.which("ipmi_sim") is None:
        raise PeerMissingError("openipmi")
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as name:
        folder = Path(name)
        first, warm = twenty_bmcs(folder)
        loaded, plain, resident = with_hardware(folder)
    met = [
        report("hardware", {"bmcs": BMCS, "warm_seconds": warm}, {"seconds": (first, BMCS_BAR_S)}),
        report("hardware", {"cpu_percent_without": plain}, {"cpu_percent": (loaded, CPU_BAR_PERCENT)}),
        report("hardware", {}, {"resident_mb": (resident, RESIDENT_BAR_MB)}),
    ]
    return 0 if all(met) else 1
