"""Simulated switches of 48 and 200 ports, and what dies, loops or lies."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from tests.agent.snmp.agents import NEED_SNMPSIM, Running, snmpsim
from tests.agent.snmp.devices import SIMULATED, by_name, device
from tests.agent.snmp.switches import HIGH_COUNTER, UP_TIME_TICKS, switch
from vedette_agent.snmp.ber import (
    OBJECT_IDENTIFIER,
    SEQUENCE,
    encode_arcs,
    encode_integer,
    encode_octets,
    encode_sequence,
    expect,
    parse_oid,
    read_header,
    read_integer,
    read_octets,
)
from vedette_agent.snmp.errors import NoAnswerError, SnmpError
from vedette_agent.snmp.message import GET, GET_BULK, RESPONSE, Query, encode_bindings
from vedette_agent.snmp.session import Event, Session
from vedette_agent.sources.framing import Framing, source_target
from vedette_agent.sources.interface import Collection
from vedette_shared.frames import decode_target
from vedette_shared.labels import make_labels

IF_MIB = {
    "ifAdminStatus", "ifConnectorPresent", "ifCounterDiscontinuityTime", "ifHCInBroadcastPkts", "ifHCInMulticastPkts",
    "ifHCInOctets", "ifHCInUcastPkts", "ifHCOutBroadcastPkts", "ifHCOutMulticastPkts", "ifHCOutOctets",
    "ifHCOutUcastPkts", "ifHighSpeed", "ifInBroadcastPkts", "ifInDiscards", "ifInErrors", "ifInMulticastPkts",
    "ifInNUcastPkts", "ifInOctets", "ifInUcastPkts", "ifInUnknownProtos", "ifIndex", "ifLastChange",
    "ifLinkUpDownTrapEnable", "ifMtu", "ifOperStatus", "ifOutBroadcastPkts", "ifOutDiscards", "ifOutErrors",
    "ifOutMulticastPkts", "ifOutNUcastPkts", "ifOutOctets", "ifOutQLen", "ifOutUcastPkts", "ifPhysAddress",
    "ifPromiscuousMode", "ifSpeed", "ifType_info",
}  # fmt: skip
ABOUT = {
    "snmp_scrape_duration_seconds",
    "snmp_scrape_packets_retried",
    "snmp_scrape_packets_sent",
    "snmp_scrape_pdus_returned",
    "snmp_scrape_walk_duration_seconds",
}
PATIENT = {"answer_timeout": "20s", "timeout": "60s"}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with snmpsim(tmp_path_factory.mktemp("snmpsim"), {"sw48": switch(48), "sw200": switch(200)}) as running:
        yield running


def port_labels(port: int, **more: str) -> tuple[tuple[str, str], ...]:
    return make_labels(
        ifIndex=str(port), ifName=f"Eth1/{port}", ifDescr=f"Ethernet1/{port}", ifAlias=f"to host{port}", **more
    )


@NEED_SNMPSIM
@pytest.mark.parametrize(
    ("ports", "access"),
    [(48, {"community": "sw48"}), (200, {"community": "sw200"}), (48, {**SIMULATED, "context": "sw48"})],
    ids=["48", "200", "48-v3"],
)
async def test_if_mib(simulator: Running, ports: int, access: dict[str, Any]) -> None:
    """The series, labels and values of snmp_exporter's if_mib; nothing is missing, nothing comes twice."""
    source = device(simulator.port, **PATIENT, **access)
    found = by_name(await source.collect())
    all_ports = range(1, ports + 1)
    assert set(found) == IF_MIB | ABOUT | {"sysUpTime", "ifNumber"}
    assert found["sysUpTime"] == {(): float(UP_TIME_TICKS)}
    assert found["ifNumber"] == {(): float(ports)}
    assert found["ifOperStatus"] == {port_labels(port): 1.0 if port % 10 else 2.0 for port in all_ports}
    assert found["ifHighSpeed"] == {port_labels(port): 100_000.0 for port in all_ports}
    assert found["ifInErrors"] == {port_labels(port): float(port % 3) for port in all_ports}
    assert found["ifType_info"] == {port_labels(port, ifType="ethernetCsmacd"): 1.0 for port in all_ports}
    assert found["ifPhysAddress"] == {
        port_labels(port, ifPhysAddress=f"02:00:00:00:00:{port & 255:02X}"): 1.0 for port in all_ports
    }
    for name in IF_MIB - {"ifType_info", "ifPhysAddress"}:
        assert set(found[name]) == {port_labels(port) for port in all_ports}, name
    assert all(value >= HIGH_COUNTER for value in found["ifHCInOctets"].values())
    assert source.problems() == {}


@NEED_SNMPSIM
async def test_counters_grow(simulator: Running) -> None:
    """And the layout of a frame stays, as only the values change."""
    source = device(simulator.port, **PATIENT, community="sw48")
    framing = Framing(source.name, source_target(source, "agent1", make_labels(rack="r1")), reports_up=True)
    frames, octets = [], []
    for second in range(2):
        families = await source.collect()
        octets.append(by_name(families)["ifHCInOctets"])
        frames += framing.frames_of(Collection(second, 0.0, families))
        await trio.sleep(0.2)
    assert all(octets[1][labels] > before for labels, before in octets[0].items())
    assert frames[0].layout is frames[1].layout
    assert decode_target(frames[0].target) == make_labels(
        job="snmp", host="sw1", instance=f"127.0.0.1:{simulator.port}"
    )


class Dying:
    """A session whose device dies once it has sent ``after`` datagrams."""

    has_bulk = True

    def __init__(self, session: Session, running: Running, after: int) -> None:
        self.received = 0
        self._session = session
        self._running = running
        self._after = after

    def encode(self, query: Query, request_id: int) -> bytes:
        return self._session.encode(query, request_id)

    def receive(self, data: bytes) -> Event | None:
        self.received += 1
        if self.received == self._after:
            self._running.kill()
        return self._session.receive(data)


@NEED_SNMPSIM
async def test_a_device_that_dies_within_a_walk(tmp_path: Any) -> None:
    """One error in a bounded time, and no half of a walk."""
    with snmpsim(tmp_path, {"sw200": switch(200)}) as running:
        source = device(running.port, community="sw200", answer_timeout="2s", retries=1)
        dying = Dying(source._session, running, after=10)
        source._session = dying
        with pytest.raises(SnmpError, match=r"(does not answer|cannot be reached: Connection refused)"):
            await source.collect()
        assert dying.received == 10


Answering = Callable[[int, list[bytes], int], list[tuple[bytes, bytes]] | None]
"""What a liar answers to a kind of query, its identifiers and its repetitions; ``None`` for nothing."""


@asynccontextmanager
async def liar(answering: Answering) -> AsyncIterator[int]:
    """An agent of version 2c on loopback that answers what it is told to; yields its port."""
    sock = trio.socket.socket(type=trio.socket.SOCK_DGRAM)
    await sock.bind(("127.0.0.1", 0))

    async def serve() -> None:
        while True:
            data, peer = await sock.recvfrom(65_535)
            reply = _reply(data, answering)
            if reply is not None:
                await sock.sendto(reply, peer)

    with sock:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            yield sock.getsockname()[1]
            nursery.cancel_scope.cancel()


def _reply(data: bytes, answering: Answering) -> bytes | None:
    at, end = expect(data, 0, len(data), SEQUENCE)
    version, at = read_integer(data, at, end)
    community, at = read_octets(data, at, end)
    kind, at, end = read_header(data, at, end)
    request_id, at = read_integer(data, at, end)
    _, at = read_integer(data, at, end)
    repetitions, at = read_integer(data, at, end)
    at, end = expect(data, at, end, SEQUENCE)
    oids = []
    while at < end:
        start, at = expect(data, at, end, SEQUENCE)
        first, last = expect(data, start, at, OBJECT_IDENTIFIER)
        oids.append(data[first:last])
    found = answering(kind, oids, repetitions)
    if found is None:
        return None
    pdu = encode_sequence(
        encode_integer(request_id), encode_integer(0), encode_integer(0), encode_bindings(found), tag=RESPONSE
    )
    return encode_sequence(encode_integer(version), encode_octets(community), pdu)


COLUMN = "1.3.6.1.4.1.99999.1.1.1"


@pytest.fixture
def modules(tmp_path: Any) -> Any:
    """A folder with a module of one column."""
    (tmp_path / "one.toml").write_text(
        f'[[walk]]\nindex = [{{ label = "i" }}]\n[[walk.metrics]]\nname = "one"\noid = "{COLUMN}"\n'
    )
    return tmp_path


async def test_an_agent_that_loops(modules: Any) -> None:
    """The walk ends, keeps what was found, and the problem is told."""
    column = parse_oid(COLUMN)

    def answering(kind: int, oids: list[bytes], repetitions: int) -> list[tuple[bytes, bytes]]:
        if kind == GET:
            return [(oid, encode_integer(1)) for oid in oids]
        rows = [1, 2, 3, 1, 2, 3] * repetitions
        return [(column + bytes((row,)), encode_integer(row)) for row in rows[:repetitions]]

    async with liar(answering) as port:
        source = device(port, folder=modules, modules=["one"])
        found = by_name(await source.collect())
        assert found["one"] == {(("i", str(row)),): float(row) for row in (1, 2, 3)}
        assert source.problems() == {"sw1": f"does not go forward after {COLUMN}.3"}


async def test_answers_that_get_lost_for_their_size(modules: Any) -> None:
    """A device whose large answers never arrive is asked for less, and all is found."""
    column = parse_oid(COLUMN)

    def answering(kind: int, oids: list[bytes], repetitions: int) -> list[tuple[bytes, bytes]] | None:
        if kind == GET:
            return [(oid, encode_integer(1)) for oid in oids]
        assert kind == GET_BULK
        if repetitions > 15:
            return None
        first = oids[0][len(column)] if len(oids[0]) > len(column) else 0
        rows = range(first + 1, first + 1 + repetitions)
        found = [(column + encode_arcs([row]), encode_integer(row)) for row in rows if row <= 40]
        return found + [(b"+\7", encode_integer(0))] * (repetitions - len(found))

    async with liar(answering) as port:
        source = device(port, folder=modules, modules=["one"], answer_timeout="100ms", retries=3)
        found = by_name(await source.collect())
    assert found["one"] == {(("i", str(row)),): float(row) for row in range(1, 41)}
    # Only the first query had to be repeated: what is lost once for its size is not asked for again.
    assert found["snmp_scrape_packets_retried"] == {(("module", "one"),): 2.0}


async def test_garbage_is_no_answer(modules: Any) -> None:
    """Datagrams that are no messages, or answer nobody, are passed over until the time is up."""
    sock = trio.socket.socket(type=trio.socket.SOCK_DGRAM)
    await sock.bind(("127.0.0.1", 0))

    async def serve() -> None:
        while True:
            _, peer = await sock.recvfrom(65_535)
            for garbage in (b"", b"0", b"\x30\x84\xff\xff\xff\xff", b"HTTP/1.1 400\r\n\r\n"):
                await sock.sendto(garbage, peer)

    with sock:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            source = device(sock.getsockname()[1], answer_timeout="100ms", retries=1)
            with pytest.raises(NoAnswerError, match="does not answer"):
                await source.collect()
            nursery.cancel_scope.cancel()
