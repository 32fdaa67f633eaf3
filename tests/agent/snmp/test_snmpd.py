"""A real snmpd, in every version; and what is told when it cannot be asked."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.agent.snmp.agents import NEED_SNMPD, Running, free_port, snmpd
from tests.agent.snmp.devices import SHA, SHA256, SHA512, SHA512_AES, SHA512_AES256, by_name, device
from vedette_agent.snmp.errors import NoAnswerError, SnmpError

pytestmark = NEED_SNMPD

QUICK = {"answer_timeout": "200ms", "retries": 1}


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


@pytest.mark.parametrize(
    "access",
    [{"version": "1"}, {"version": "2c"}, SHA, SHA256, SHA512, SHA512_AES, SHA512_AES256],
    ids=["1", "2c", "3-sha-aes", "3-sha256-aes", "3-sha512", "3-sha512-aes", "3-sha512-aes256"],
)
async def test_every_version_finds_the_same(agent: Running, access: dict[str, Any]) -> None:
    """The interfaces of this machine."""
    source = device(agent.port, **access)
    found = by_name(await source.collect())
    names = {dict(labels)["ifDescr"]: dict(labels) for labels in found["ifOperStatus"]}
    assert sorted(names) == sorted(name for _, name in socket.if_nameindex())
    assert names["lo"] == {"ifDescr": "lo", "ifIndex": str(socket.if_nametoindex("lo")), "ifName": "lo"}
    loopback = tuple(sorted(names["lo"].items()))
    assert found["ifMtu"][loopback] == 65_536.0
    assert found["ifType_info"][tuple(sorted({**names["lo"], "ifType": "softwareLoopback"}.items()))] == 1.0
    assert found["ifNumber"][()] == len(names)
    # Version 1 has no Counter64.
    assert ("ifHCInOctets" in found) == (access["version"] != "1")
    assert source.problems() == {}


async def test_an_engine_is_discovered_once(agent: Running) -> None:
    """Later collections begin with what the first has learnt."""
    source = device(agent.port, **SHA256)
    first, second = [by_name(await source.collect())["snmp_scrape_packets_sent"] for _ in range(2)]
    assert first == second
    assert source._session._engine is not None  # type: ignore[attr-defined]  # of the session of version 3


async def test_an_engine_that_was_restarted(tmp_path: Path) -> None:
    """It counts its boots anew and tells so; the same session goes on."""
    source = None
    port = free_port()
    for _ in range(3):
        with snmpd(tmp_path, port) as running:
            source = source or device(running.port, **SHA256)
            assert by_name(await source.collect())["ifNumber"][()] >= 1
            running.process.terminate()
            running.process.wait()


@pytest.mark.parametrize(
    ("access", "kind", "message"),
    [
        ({"community": "wrong"}, NoAnswerError, "does not answer: check the address, the version and the community or"),
        ({**SHA, "user": "nobody"}, SnmpError, "does not know the user (user nobody)"),
        ({**SHA, "auth_password": "wrongpass"}, SnmpError, "finds the authentication wrong: check auth_protocol and"),
        ({**SHA, "auth_protocol": "md5"}, SnmpError, "finds the authentication wrong: check auth_protocol and"),
        ({**SHA, "priv_password": "wrongpass"}, NoAnswerError, "does not answer: check the address, the version and"),
        ({"version": "3", "user": "shauser"}, SnmpError, "does not let the community or user read this"),
    ],
)
async def test_access_that_is_wrong(
    agent: Running, access: dict[str, Any], kind: type[SnmpError], message: str
) -> None:
    """One line that says whom, why, and what to check."""
    source = device(agent.port, **QUICK, **access)
    with pytest.raises(SnmpError) as caught, trio.fail_after(10):
        await source.collect()
    assert isinstance(caught.value, kind)
    assert str(caught.value).startswith(f"127.0.0.1:{agent.port} {message}")
    assert "\n" not in str(caught.value)
    assert "wrong" not in str(caught.value).replace("authentication wrong", "")


async def test_nothing_listens() -> None:
    source = device(free_port(), **QUICK)
    with pytest.raises(SnmpError, match="cannot be reached: Connection refused"):
        await source.collect()


async def test_no_such_address() -> None:
    source = device(1, **QUICK, address="nowhere.invalid")
    with pytest.raises(SnmpError, match=r"nowhere\.invalid cannot be reached: "):
        await source.collect()


async def test_modules_together(agent: Running) -> None:
    """Each has its own series about its scrape."""
    source = device(agent.port, modules=["if_mib", "host_resources", "ups", "entity_sensor"])
    found = by_name(await source.collect())
    assert [dict(labels)["module"] for labels in found["snmp_scrape_duration_seconds"]] == [
        "if_mib",
        "host_resources",
        "ups",
        "entity_sensor",
    ]
    assert any(dict(labels).get("hrStorageDescr") == "/" for labels in found["hrStorageUsed"])
    assert not any(name.startswith("ups") for name in found)
