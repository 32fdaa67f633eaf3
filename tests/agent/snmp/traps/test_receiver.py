"""Datagrams of any kind: a notification, or a reason; never an error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.snmp.ber import encode_integer, parse_oid
from vedette_agent.snmp.message import VERSION_2C, encode_community_message
from vedette_agent.snmp.message_v3 import Security, encode_scoped, seal
from vedette_agent.snmp.traps.config import TrapsConfig
from vedette_agent.snmp.traps.definitions import BUILT_IN, TrapTable, load_definitions
from vedette_agent.snmp.traps.engine import start_engine
from vedette_agent.snmp.traps.notification import encode_trap
from vedette_agent.snmp.traps.receiver import DROP_REASONS, Receiver
from vedette_agent.snmp.traps.users import Dropped, LocalEngine, Received, Taken
from vedette_agent.snmp.usm import User
from vedette_shared.config import load_config, merge_config
from vedette_shared.errors import ConfigError

USER = User("u", "sha256", b"authpassword", "aes", b"privpassword")
THEIRS, OWN = bytes.fromhex("80001f8880aabbccdd"), bytes.fromhex("80000000050102030405")
LINK_UP = parse_oid("1.3.6.1.6.3.1.1.5.4")


def receiver() -> Receiver:
    return Receiver([b"public"], {"u": USER}, LocalEngine(OWN, 3, 0.0))


def trap(engine: bytes = THEIRS, boots: int = 5, time: int = 1000, request_id: int = -1) -> bytes:
    scoped = encode_scoped(engine, b"", encode_trap(LINK_UP, 1, [], request_id=request_id))
    flags = USER.flags | (4 if request_id >= 0 else 0)
    return seal(9, flags, Security(engine, boots, time, b"u", b"", b"saltsalt"), scoped, USER, USER.keys_at(engine))


def community(request_id: int = -1) -> bytes:
    pdu = encode_trap(LINK_UP, 1, [(parse_oid("1.3.6.1.2.1.2.2.1.1.1"), encode_integer(1))], request_id=request_id)
    return encode_community_message(VERSION_2C, b"public", pdu)


@given(st.binary(max_size=100))
def test_garbage(data: bytes) -> None:
    received = receiver().receive(data, "a", 0.0)
    assert isinstance(received, Dropped)
    assert received.reason in DROP_REASONS


@given(
    st.sampled_from([community(), community(7), trap(), trap(OWN, 3, 0, 7)]), st.integers(0, 400), st.integers(1, 255)
)
def test_changed_bytes(data: bytes, at: int, change: int) -> None:
    """Never an error; and a message with a code is not taken after any change."""
    at %= len(data)
    received = receiver().receive(data[:at] + bytes((data[at] ^ change,)) + data[at + 1 :], "a", 0.0)
    if data in (trap(), trap(OWN, 3, 0, 7)):
        assert isinstance(received, Dropped)


def reason(received: Received) -> str:
    return received.reason if isinstance(received, Dropped) else ""


def test_traps_that_are_played_back() -> None:
    """The sender's time only goes forward, within its window."""
    taker = receiver()
    assert reason(taker.receive(trap(), "a", 0.0)) == ""
    assert reason(taker.receive(trap(time=2000), "a", 1.0)) == ""
    assert reason(taker.receive(trap(), "a", 2.0)) == "not_in_time"
    assert reason(taker.receive(trap(boots=4, time=5000), "a", 3.0)) == "not_in_time"
    assert reason(taker.receive(trap(boots=6, time=1), "a", 4.0)) == ""


@pytest.mark.parametrize(
    ("boots", "time", "expected"),
    [
        (3, 1000, ""),
        (3, 860, ""),
        (3, 1140, ""),
        (3, 840, "not_in_time"),
        (2, 1000, "not_in_time"),
        (4, 0, "not_in_time"),
    ],
)
def test_informs_know_the_time_of_this_engine(boots: int, time: int, expected: str) -> None:
    received = receiver().receive(trap(OWN, boots, time, 7), "a", 1000.0)
    assert reason(received) == expected
    assert received.reply


def test_an_inform_that_comes_again() -> None:
    """It is answered, and taken once; that of another port is another one."""
    taker = receiver()
    first, again = taker.receive(community(7), "a", 0.0), taker.receive(community(7), "a", 1.0)
    assert isinstance(first, Taken)
    assert again == Dropped("repeated", first.reply)
    assert isinstance(taker.receive(community(7), "b", 1.0), Taken)
    assert isinstance(taker.receive(community(7), "a", 100.0), Taken)


def test_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "made" / "snmp-engine.json"
    engines = [start_engine(file, wanted, 0.0) for wanted in (b"", b"", OWN, OWN)]
    assert [engine.boots for engine in engines] == [1, 2, 1, 2]
    assert engines[0].id == engines[1].id != engines[2].id == OWN
    file.write_text("{")
    with pytest.raises(ConfigError, match="is damaged; remove it"):
        start_engine(file, b"", 0.0)


ERRORS = [
    ({}, "top level: communities, communities_file or users must say who may send traps"),
    (
        {"communities": ["c"], "listen": "0.0.0.0:162"},
        'top level: listen = "0.0.0.0:162" is reached from other machines',
    ),
    ({"communities": ["c"], "engine_id": "xy"}, "top level: 'xy' is not the identifier of an engine"),
    ({"communities": ["c"], "rate": 0.0}, "top level: interval must be more than 0, rate at most 1000, and burst"),
    ({"users": [{"user": "u", "priv_protocol": "aes"}]}, "users[0]: priv_protocol needs auth_protocol"),
]


@pytest.mark.parametrize(("table", "expected"), ERRORS)
def test_errors_of_the_configuration(table: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        merge_config(TrapsConfig, [("agent.toml", table)])
    assert str(caught.value).startswith(f"agent.toml: {expected}")


def test_definitions(tmp_path: Path) -> None:
    """Vedette's own are sound; a folder goes before them; one translated from version 1 has a 0 more."""
    (tmp_path / "mine.toml").write_text('[[trap]]\noid = "1.3.6.1.4.1.99999.0.1"\nname = "mine"\n')
    table = {"communities": ["c"], "definitions": str(tmp_path), "severities": {"mine": "critical", "1.3.9": "ignore"}}
    known = load_definitions(merge_config(TrapsConfig, [("agent.toml", table)]))
    names = {"1.3.6.1.4.1.99999.0.1": ("mine", "critical"), "1.3.9": ("1.3.9", "ignore"), "1.3.8": ("1.3.8", "info")}
    names |= {f"1.3.6.1.2.1.33.2.{middle}1": ("upsTrapOnBattery", "critical") for middle in ("", "0.")}
    assert {oid: known.name_of(parse_oid(oid)) for oid in names} == names
    wrong = {**table, "severities": {"linkDwn": "critical"}}
    with pytest.raises(ConfigError, match=r"snmp_traps\.severities\.linkDwn: no trap has that name"):
        load_definitions(merge_config(TrapsConfig, [("agent.toml", wrong)]))


ENTERPRISES = "1.3.6.1.4.1"
VENDORS = {
    "9.9.13.3.0.5": ("ciscoEnvMonRedundantSupplyNotification", "warning"),
    "9.9.117.2.0.6": ("cefcFanTrayStatusChange", "warning"),
    "2636.4.1.1": ("jnxPowerSupplyFailure", "critical"),
    "2636.4.2.1": ("jnxPowerSupplyOK", "info"),
    "13742.6.0.65": ("overCurrentProtectorSensorStateChange", "critical"),
    "674.10892.5.3.2.1.0.2161": ("alertTemperatureProbeFailure", "critical"),
    "30065.3.12.0.1": ("aristaEntSensorAlarm", "warning"),
    "14988.1.1.9.0.2": ("mtxrTemperatureException", "critical"),
    "232.0.6040": ("cpqHe3TemperatureFailed", "critical"),
    "318.0.5": ("upsOnBattery", "critical"),
}
VARIABLES = {
    "9.9.13.1.5.1.3.1010": ("ciscoEnvMonSupplyState", "3", "critical"),
    "13742.6.0.0.10.0": ("typeOfSensor", "15", "trip"),
    "13742.6.5.3.3.1.3.1.1.15": ("measurementsOverCurrentProtectorSensorState", "0", "open"),
    "674.10892.5.3.1.3.0": ("alertCurrentStatus", "5", "critical"),
    "2636.3.1.13.1.6.9.1.0.0": ("jnxOperatingState", "6", "down"),
}


def test_traps_of_vendors() -> None:
    """The names, the weights, and what goes with them."""
    known = load_definitions(merge_config(TrapsConfig, [("agent.toml", {"communities": ["c"]})]))
    assert {oid: known.name_of(parse_oid(f"{ENTERPRISES}.{oid}")) for oid in VENDORS} == VENDORS
    found = {oid: known.variable(parse_oid(f"{ENTERPRISES}.{oid}")) for oid in VARIABLES}
    told = {
        oid: known and (known.name, VARIABLES[oid][1], known.enum[VARIABLES[oid][1]]) for oid, known in found.items()
    }
    assert told == VARIABLES


def test_definitions_do_not_hide_each_other() -> None:
    """No identifier is defined twice, and no name of a trap is given to two."""
    tables = [load_config(TrapTable, path) for path in sorted(BUILT_IN.glob("*.toml"))]
    traps = [trap for table in tables for trap in table.trap]
    oids = [trap.oid for trap in traps] + [variable.oid for table in tables for variable in table.variable]
    assert len(set(oids)) == len(oids)
    assert len({trap.name for trap in traps}) == len(traps)
