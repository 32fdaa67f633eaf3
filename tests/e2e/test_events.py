"""Events with real processes: from where they happen to `vedette events`, over the deaths of both ends."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import HOST, Deployment, deployment, eventually, free_address
from vedette_agent.spool.records import KIND_EVENTS, Record, decode_stored_events, scan

LINK_DOWN, IF_INDEX = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.7"


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as made:
        made.configure_server()
        yield made


class Machine:
    """A fake root: what the kernel would tell of a machine and its boot."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.sys = folder / "proc", folder / "sys"
        (self.proc / "sys/kernel/random").mkdir(parents=True)
        (self.sys / "class/dmi/id").mkdir(parents=True)

    def boot(self, identity: str, btime: int, bios: str) -> None:
        (self.proc / "sys/kernel/random/boot_id").write_text(f"{identity}\n")
        (self.proc / "stat").write_text(f"cpu  1 2 3 4 5 6 7 8 9 10\nbtime {btime}\n")
        (self.sys / "class/dmi/id/bios_version").write_text(f"{bios}\n")
        (self.sys / "class/dmi/id/product_name").write_text("R650\n")


def configure(deployed: Deployment, machine: Machine, traps: str = "") -> None:
    deployed.configure_agent()
    roots = f'[node.roots]\nproc = "{machine.proc}"\nsys = "{machine.sys}"\n'
    listen = f'[snmp_traps]\nlisten = "{traps}"\ncommunities = ["public"]\ninterval = "1s"\n' if traps else ""
    with deployed.agent_config.open("a") as file:
        file.write(roots + listen)


def told(deployed: Deployment, *options: str) -> list[dict[str, Any]]:
    """What `vedette events` prints, oldest first."""
    command = [sys.executable, "-m", "vedette_shared.command", "events", "--json", "--server", f"http://{deployed.api}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def stored(deployed: Deployment) -> list[dict[str, Any]]:
    """What the server has, newest first."""
    events: list[dict[str, Any]] = deployed.get("/api/fleet/v1/events")["events"]
    return events


def texts(deployed: Deployment, *options: str) -> list[str]:
    return [event["text"] for event in told(deployed, *options)]


def collections(deployed: Deployment) -> float:
    """How many collections of the node the server has, as far as the last five minutes show."""
    found = deployed.query(f'count_over_time(up{{host="{HOST}"}}[5m])')
    return float(found[0]["value"][1]) if found else 0.0


def interfaces(events: list[dict[str, Any]]) -> list[str]:
    """The interfaces that the traps are about."""
    assert {event["source"] for event in events} <= {"snmp"}
    return [event["text"][-1] for event in events]


def spooled(folder: Path) -> set[str]:
    """The interfaces of the traps that are on disk."""
    records = [found for file in folder.glob("*.spool") for found in scan(file.read_bytes())]
    events = [found for found in records if isinstance(found, Record) and found.kind == KIND_EVENTS]
    return {event.text[-1] for record in events for event in decode_stored_events(record.payload)[1]}


def test_a_reboot_and_a_new_bios_are_told_once(deployed: Deployment, tmp_path: Path) -> None:
    """Though the agent is killed at once when it has told them, and the server while it takes them."""
    machine = Machine(tmp_path)
    machine.boot("first", 1_700_000_000, "1.0")
    configure(deployed, machine)
    server, agent = deployed.start_server(), deployed.start_agent()
    eventually((tmp_path / "agent/machine/boot.json").exists, bool)
    eventually(lambda: "bios" in (tmp_path / "agent/machine/hardware.json").read_text(), bool)
    agent.end(signal.SIGKILL)
    machine.boot("second", 1_700_000_100, "2.0")
    for _ in range(2):
        agent = deployed.start_agent()
        eventually(lambda: len(stored(deployed)), lambda count: count >= 2)
        agent.end(signal.SIGKILL)
        server.end(signal.SIGKILL)
        server = deployed.start_server()
    before = collections(deployed)
    deployed.start_agent()
    eventually(lambda: collections(deployed), lambda count: count > before + 3)
    events = {event["text"]: event for event in told(deployed)}
    assert sorted(texts(deployed)) == [
        "machine: bios_version is 2.0, was 1.0",
        "rebooted without a shutdown: a crash, a reset or a loss of power",
    ]
    rebooted = events["rebooted without a shutdown: a crash, a reset or a loss of power"]
    assert {name: rebooted[name] for name in ("host", "source", "severity", "time", "labels")} == {
        "host": HOST,
        "source": "node",
        "severity": "warning",
        "time": 1_700_000_100_000,
        "labels": {"boot_id": "second", "clean": "false"},
    }
    assert texts(deployed, "--severity", "warning") == [rebooted["text"]]
    assert texts(deployed, "--host", "elsewhere") == []


@pytest.mark.skipif(shutil.which("snmptrap") is None, reason="needs Debian's snmp")
def test_traps_of_an_outage_arrive_once(deployed: Deployment, tmp_path: Path) -> None:
    """Sent while the server is away; the agent is killed with them in its spool, the server soon after it is back."""
    machine = Machine(tmp_path)
    machine.boot("first", 1_700_000_000, "1.0")
    traps = str(free_address())
    configure(deployed, machine, traps)
    server, agent = deployed.start_server(), deployed.start_agent()
    eventually(lambda: collections(deployed), bool)

    def send(number: int) -> None:
        variables = [LINK_DOWN, IF_INDEX, "i", str(number)]
        subprocess.run(["snmptrap", "-v2c", "-c", "public", traps, "", *variables], check=True)

    send(1)
    eventually(lambda: len(stored(deployed)), lambda count: count == 1)
    server.end(signal.SIGKILL)
    for number in range(2, 7):
        send(number)
    spool = tmp_path / "agent/spool"
    eventually(lambda: spooled(spool), lambda seen: seen >= set("23456"))
    agent.end(signal.SIGKILL)
    server, _ = deployed.start_server(), deployed.start_agent()
    eventually(lambda: len(stored(deployed)), lambda count: count >= 3)
    server.end(signal.SIGKILL)
    deployed.start_server()
    send(7)
    eventually(lambda: set(interfaces(stored(deployed))), lambda seen: seen == set("1234567"))
    assert sorted(interfaces(told(deployed))) == list("1234567")
