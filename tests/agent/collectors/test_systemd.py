"""D-Bus, byte by byte, and the units that a stand-in for systemd tells of."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vedette_agent.collectors.dbus import Call, DbusConnection
from vedette_agent.collectors.dbus_wire import decode_message, encode_call, message_bytes, split_signature
from vedette_agent.collectors.interface import Roots
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.systemd import SystemdCollector
from vedette_agent.errors import CollectorError, NoDataError
from vedette_shared.config import merge_config

HELLO = bytes.fromhex(
    "6c01000100000000010000006e00000001016f00150000002f6f72672f667265656465736b746f702f4442757300000006017300140000006f72"
    "672e667265656465736b746f702e444275730000000002017300140000006f72672e667265656465736b746f702e444275730000000003017300"
    "0500000048656c6c6f000000"
)
"""The call of Hello, as any client of D-Bus sends it, little-endian."""


def test_a_call_is_encoded_as_the_specification_has_it() -> None:
    bus, path = "org.freedesktop.DBus", "/org/freedesktop/DBus"
    assert encode_call(1, bus, path, bus, "Hello") == HELLO
    assert message_bytes(HELLO[:16]) == len(HELLO)


def reply(serial: int, signature: str, body: bytes, *, kind: int = 2, error: str = "", order: str = "<") -> bytes:
    fields = b"\x05\x01u\0" + struct.pack(f"{order}I", serial)
    if signature:
        fields += bytes(-len(fields) % 8) + b"\x08\x01g\0" + bytes([len(signature)]) + signature.encode() + b"\0"
    if error:
        raw = error.encode()
        fields += bytes(-len(fields) % 8) + b"\x04\x01s\0" + struct.pack(f"{order}I", len(raw)) + raw + b"\0"
    head = (
        (b"l" if order == "<" else b"B") + bytes([kind, 0, 1]) + struct.pack(f"{order}III", len(body), 9, len(fields))
    )
    return head + fields + bytes(-len(head + fields) % 8) + body


@pytest.mark.parametrize(
    ("signature", "body", "value"),
    [
        ("u", struct.pack("<I", 7), (7,)),
        ("ys", b"\x05\0\0\0" + struct.pack("<I", 2) + b"ab\0", (5, "ab")),
        ("v", b"\x01t\0\0\0\0\0\0" + struct.pack("<Q", 2**63), (("t", 2**63),)),
        (
            "a(su)",
            struct.pack("<I", 12) + b"\0" * 4 + struct.pack("<I", 1) + b"x\0\0\0" + struct.pack("<I", 3),
            ([("x", 3)],),
        ),
        ("as", struct.pack("<I", 0), ([],)),
        ("a{sv}", struct.pack("<I", 10) + b"\0" * 4 + struct.pack("<I", 1) + b"k\0\x01y\0\x09", ([("k", ("y", 9))],)),
        ("", b"", ()),
    ],
)
def test_answers_are_decoded(signature: str, body: bytes, value: tuple[Any, ...]) -> None:
    assert decode_message(reply(3, signature, body)).body == value


def test_the_other_order_of_bytes() -> None:
    assert decode_message(reply(258, "u", struct.pack(">I", 7), order=">"))[1:] == (258, "", (7,))


def test_signatures_are_split() -> None:
    assert split_signature("sa(us)a{sv}aasv") == ["s", "a(us)", "a{sv}", "aas", "v"]
    with pytest.raises(ValueError, match="not a D-Bus signature"):
        split_signature("a(us")


@pytest.mark.parametrize(
    "data",
    [
        reply(3, "s", struct.pack("<I", 99) + b"ab\0"),
        reply(3, "as", struct.pack("<I", 99)),
        reply(3, "u", b""),
        reply(3, "z", b"abcd"),
        b"?" + reply(3, "", b"")[1:],
        reply(3, "v" * 1, b"\x01v\0" * 70 + bytes(300)),
    ],
    ids=["string", "array", "number", "type", "order", "depth"],
)
def test_damaged_answers_are_errors(data: bytes) -> None:
    with pytest.raises(ValueError, match="D-Bus"):
        decode_message(data)


def test_a_message_must_not_be_endless() -> None:
    with pytest.raises(ValueError, match="too long"):
        message_bytes(b"l\x02\0\x01" + struct.pack("<III", 2**30, 1, 0))


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode() + b"\0"


def variant(kind: str, value: bytes) -> tuple[str, bytes]:
    head = bytes([len(kind)]) + kind.encode() + b"\0"
    return "v", head + bytes(-len(head) % (8 if kind == "t" else 4)) + value


UNITS = [
    ("ssh.service", "loaded", "active"),
    ("cron.service", "loaded", "failed"),
    ("apt.timer", "loaded", "active"),
    ("dbus.socket", "loaded", "active"),
    ("gone.service", "not-found", "inactive"),
    ("-.mount", "loaded", "active"),
]


def list_units() -> tuple[str, bytes]:
    body = b""
    for name, load, active in UNITS:
        body += bytes(-len(body) % 8)
        path = f"/unit/{name}"
        for field in (name, "", load, active, "", "", path):
            body += bytes(-len(body) % 4) + text(field)
        body += bytes(-len(body) % 4) + struct.pack("<I", 0) + text("")
        body += bytes(-len(body) % 4) + text("/")
    return "a(ssssssouso)", struct.pack("<I", len(body)) + b"\0" * 4 + body


PROPERTIES = {
    ("/org/freedesktop/systemd1", "Version"): variant("s", text("252.39-1~deb12u1")),
    ("/org/freedesktop/systemd1", "Virtualization"): variant("s", text("")),
    ("/org/freedesktop/systemd1", "SystemState"): variant("s", text("degraded")),
    ("/unit/ssh.service", "Type"): variant("s", text("notify")),
    ("/unit/cron.service", "Type"): variant("s", text("simple")),
    ("/unit/ssh.service", "NRestarts"): variant("u", struct.pack("<I", 3)),
    ("/unit/cron.service", "NRestarts"): variant("u", struct.pack("<I", 0)),
    ("/unit/apt.timer", "LastTriggerUSec"): variant("t", struct.pack("<Q", 1_500_000)),
    ("/unit/dbus.socket", "NAccepted"): variant("u", struct.pack("<I", 5)),
    ("/unit/dbus.socket", "NConnections"): variant("u", struct.pack("<I", 1)),
}


class Bus(threading.Thread):
    """Stands in for systemd on a bus: answers what it knows, in several pieces and out of order."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.readline().startswith(b"\0AUTH EXTERNAL ")
                connection.sendall(b"OK 0123\r\n")
                assert stream.readline() == b"BEGIN\r\n"
                self._answer(connection, stream)

    def _answer(self, connection: socket.socket, stream: Any) -> None:
        signal = reply(0, "", b"", kind=4)
        while head := stream.read(16):
            call = head + stream.read(message_bytes(head) - 16)
            answer = signal + self._reply(call)
            connection.sendall(answer[:20])
            connection.sendall(answer[20:])

    def _reply(self, call: bytes) -> bytes:
        serial = struct.unpack_from("<I", call, 8)[0]
        if b"\x05\0\0\0Hello\0" in call:
            return reply(serial, "s", text(":1.7"))
        if b"ListUnits\0" in call:
            return reply(serial, *list_units())
        for (path, name), (signature, body) in PROPERTIES.items():
            if text(path) in call and call.endswith(text(name)):
                return reply(serial, signature, body)
        return reply(serial, "s", text("no such property"), kind=3, error="org.freedesktop.DBus.Error.UnknownProperty")

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "run/dbus/system_bus_socket"
    path.parent.mkdir(parents=True)
    bus = Bus(path)
    bus.start()
    yield path
    bus.stop()
    bus.join()


def test_errors_of_methods_stand_in_place_of_their_answers(bus: Path) -> None:
    connection = DbusConnection(str(bus), 5.0)
    get = "org.freedesktop.DBus.Properties"
    answers = connection.call(
        [Call("d", "/unit/ssh.service", get, "Get", ("i", name)) for name in ("Type", "Nothing", "NRestarts")]
    )
    connection.close()
    assert answers[0] == (("s", "notify"),)
    assert isinstance(answers[1], CollectorError)
    assert str(answers[1]).startswith("Get on /unit/ssh.service: org.freedesktop.DBus.Error.UnknownProperty: no such")
    assert answers[2] == (("u", 3),)


@pytest.mark.usefixtures("bus")
def test_units(tmp_path: Path) -> None:
    options = merge_config(
        NodeOptions, [("", {"roots": {"rootfs": str(tmp_path)}, "systemd": {"enable_restarts_metrics": True}})]
    )
    families = {family.name: family for family in SystemdCollector(options).collect()}
    states = families.pop("node_systemd_unit_state")
    assert {dict(s.labels)["name"]: dict(s.labels)["state"] for s in states.samples if s.value} == {
        "ssh.service": "active",
        "cron.service": "failed",
        "apt.timer": "active",
        "dbus.socket": "active",
    }
    assert {dict(s.labels)["name"]: dict(s.labels).get("type") for s in states.samples} == {
        "ssh.service": "notify",
        "cron.service": "simple",
        "apt.timer": None,
        "dbus.socket": None,
    }
    assert {name: [(s.labels, s.value) for s in family.samples] for name, family in families.items()} == {
        "node_systemd_version": [((("version", "252.39-1~deb12u1"),), 252.39)],
        "node_systemd_virtualization_info": [((("virtualization_type", "none"),), 1)],
        "node_systemd_system_running": [((), 0)],
        "node_systemd_units": [
            ((("state", state),), count)
            for state, count in (("active", 4), ("activating", 0), ("deactivating", 0), ("inactive", 1), ("failed", 1))
        ],
        "node_systemd_service_restart_total": [((("name", "ssh.service"),), 3), ((("name", "cron.service"),), 0)],
        "node_systemd_timer_last_trigger_seconds": [((("name", "apt.timer"),), 1.5)],
        "node_systemd_socket_accepted_connections_total": [((("name", "dbus.socket"),), 5)],
        "node_systemd_socket_current_connections": [((("name", "dbus.socket"),), 1)],
    }


def test_a_host_without_a_bus_has_no_data(tmp_path: Path) -> None:
    options = NodeOptions(roots=Roots(rootfs=tmp_path))
    with pytest.raises(NoDataError, match="there is no bus"):
        SystemdCollector(options).collect()
