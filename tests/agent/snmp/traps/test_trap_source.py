"""Traps and informs of Debian's snmptrap and snmpinform, and what is no trap."""

import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.agent.snmp.devices import by_name
from vedette_agent.errors import CollectorError
from vedette_agent.snmp.config import DeviceConfig, Secret
from vedette_agent.snmp.traps.config import TrapsConfig
from vedette_agent.snmp.traps.make import plan_traps
from vedette_agent.snmp.traps.source import TrapSource
from vedette_shared.clock import SystemClock
from vedette_shared.config import merge_config
from vedette_shared.events import Event

NEED_SNMPTRAP = pytest.mark.skipif(shutil.which("snmptrap") is None, reason="snmptrap is not installed")
USERS = [
    {"user": "sha", "auth_protocol": "sha", "auth_password": "authpass123"}
    | {"priv_protocol": "aes", "priv_password": "privpass123"},
    {"user": "sha256", "auth_protocol": "sha256", "auth_password": "authpass256"}
    | {"priv_protocol": "aes", "priv_password": "privpass256"},
    {"user": "open"},
]
V1 = ("-v1", "-c", "public")
V2 = ("-v2c", "-c", "public")
SHA = ("-v3", "-u", "sha", "-l", "authPriv", "-a", "SHA", "-A", "authpass123", "-x", "AES", "-X", "privpass123")
SHA256 = (
    "-v3",
    "-u",
    "sha256",
    "-l",
    "authPriv",
    "-a",
    "SHA-256",
    "-A",
    "authpass256",
    "-x",
    "AES",
    "-X",
    "privpass256",
)
OPEN = ("-v3", "-u", "open", "-l", "noAuthNoPriv")
ENGINE = ("-e", "0x80001f8880aabbccdd")


@asynccontextmanager
async def listening(folder: Path, **keys: Any) -> AsyncIterator[TrapSource]:
    table = {"listen": "127.0.0.1:0", "communities": ["public"], "users": USERS, **keys}
    config = merge_config(TrapsConfig, [("agent.toml", table)])
    device = DeviceConfig("sw1", address="127.0.0.1", community=Secret("c"))
    _, _, make = plan_traps(config, [device], folder, SystemClock())
    source = make()
    async with trio.open_nursery() as nursery:
        await nursery.start(source.run)
        yield source
        nursery.cancel_scope.cancel()


async def send(command: str, source: TrapSource, *arguments: str, expected: int = 0) -> None:
    environment = {"MIBS": "", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SNMP_PERSISTENT_DIR": "/nonexistent"}
    whole = [command, *arguments[:-1], f"127.0.0.1:{source.port}", *arguments[-1].split("|")]
    done = await trio.run_process(whole, check=False, capture_stdout=True, capture_stderr=True, env=environment)
    assert (done.returncode == 0) == (expected == 0), (whole, done.stderr)


async def taken(source: TrapSource, count: int = 1) -> list[Event]:
    found: list[Event] = []
    with trio.fail_after(10):
        while len(found) < count:
            await source.collect()
            found += source.take_events()
            await trio.sleep(0.02)
    return found


async def dropped(source: TrapSource, reason: str) -> float:
    """Wait until something was dropped for ``reason``."""
    with trio.fail_after(10):
        while True:
            found = by_name(await source.collect())["snmp_traps_dropped_total"]
            count = found[(("reason", reason),)]
            if count:
                return count
            await trio.sleep(0.02)


BINDINGS = "|1.3.6.1.6.3.1.1.5.3|1.3.6.1.2.1.2.2.1.1.7|i|7|1.3.6.1.2.1.2.2.1.8.7|i|2|1.3.6.1.2.1.2.2.1.2.7|s|Ethernet7"
V1_BINDINGS = "1.3.6.1.4.1.9|127.0.0.1|2|0|100" + BINDINGS.removeprefix("|1.3.6.1.6.3.1.1.5.3")


@NEED_SNMPTRAP
@pytest.mark.parametrize(
    ("command", "access", "bindings", "user"),
    [
        ("snmptrap", V1, V1_BINDINGS, ""),
        ("snmptrap", V2, BINDINGS, ""),
        ("snmptrap", (*SHA, *ENGINE), BINDINGS, "sha"),
        ("snmptrap", (*SHA256, *ENGINE), BINDINGS, "sha256"),
        ("snmptrap", (*OPEN, *ENGINE), BINDINGS, "open"),
        ("snmpinform", V2, BINDINGS, ""),
        ("snmpinform", SHA, BINDINGS, "sha"),
        ("snmpinform", SHA256, BINDINGS, "sha256"),
    ],
    ids=["1", "2c", "3-sha", "3-sha256", "3-open", "inform-2c", "inform-3-sha", "inform-3-sha256"],
)
async def test_every_version(tmp_path: Path, command: str, access: tuple[str, ...], bindings: str, user: str) -> None:
    """The same event each time, of the device whose address it came from; informs are answered."""
    async with listening(tmp_path) as source:
        await send(command, source, *access, bindings)
        (event,) = await taken(source)
        labels = {"trap": "linkDown", "oid": "1.3.6.1.6.3.1.1.5.3", "address": "127.0.0.1", "ifIndex": "7"}
        labels |= {"ifOperStatus": "down", "ifDescr": "Ethernet7"} | ({"user": user} if user else {})
        assert (event.source, event.severity.value, event.host) == ("snmp", "warning", "sw1")
        assert event.text == "linkDown: ifIndex 7, ifOperStatus down, ifDescr Ethernet7"
        assert event.labels == labels
        found = by_name(await source.collect())["snmp_traps_total"]
        assert found == {(("sender", "sw1"), ("trap", "linkDown")): 1.0}


WRONG = tuple(part.replace("authpass256", "wrongpass").replace("privpass256", "wrongpass") for part in SHA256)


@NEED_SNMPTRAP
@pytest.mark.parametrize(
    ("access", "reason"),
    [
        (("-v2c", "-c", "wrong"), "community"),
        ((*WRONG, *ENGINE), "authentication"),
        ((*OPEN[:2], "nobody", *OPEN[3:], *ENGINE), "user"),
        ((*OPEN[:2], "sha", *OPEN[3:], *ENGINE), "security_level"),
    ],
)
async def test_what_is_not_believed(tmp_path: Path, access: tuple[str, ...], reason: str) -> None:
    async with listening(tmp_path) as source:
        await send("snmptrap", source, *access, BINDINGS)
        assert await dropped(source, reason) == 1.0
        assert source.take_events() == ()


@NEED_SNMPTRAP
async def test_an_inform_with_a_wrong_password(tmp_path: Path) -> None:
    """Its sender learns of it, by a report."""
    async with listening(tmp_path) as source:
        await send("snmpinform", source, *WRONG, "-t", "1", "-r", "0", BINDINGS, expected=1)
        assert await dropped(source, "authentication") >= 1.0
        assert source.take_events() == ()


@NEED_SNMPTRAP
async def test_informs_after_a_restart(tmp_path: Path) -> None:
    """The engine stays the same, and has been started once more."""
    files = []
    for _ in range(2):
        async with listening(tmp_path) as source:
            await send("snmpinform", source, *SHA256, BINDINGS)
            assert len(await taken(source)) == 1
        files.append((tmp_path / "snmp-engine.json").read_text())
    assert files[0].replace('"boots": 1', '"boots": 2') == files[1]


async def test_a_storm(tmp_path: Path) -> None:
    """What is beyond the burst is counted, and told once; the rest goes on."""
    async with listening(tmp_path, rate=0.001, burst=5) as source:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(300):
                sender.sendto(b"garbage", ("127.0.0.1", source.port))
        with trio.fail_after(10):
            while True:
                found = by_name(await source.collect())["snmp_traps_dropped_total"]
                if found[(("reason", "rate"),)] == 295.0:
                    break
                await trio.sleep(0.02)
        assert found[(("reason", "malformed"),)] == 5.0
        events = source.take_events()
        assert {event.labels["trap"] for event in events} == {"excess"}
        assert sum(int(event.text.split()[0]) for event in events) == 295


async def test_an_address_that_is_taken(tmp_path: Path) -> None:
    """The source fails with one line, and nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{other.getsockname()[1]}"
        async with listening(tmp_path, listen=address) as source:
            with pytest.raises(CollectorError, match=f"cannot listen on {address}: .*; another process listens there"):
                await source.collect()
