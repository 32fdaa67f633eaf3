"""Traps and informs, as bytes (RFC 1157, section 4.1.6; RFC 3416, section 4.2.6; RFC 3584, section 3.1)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from vedette_agent.snmp.ber import (
    OBJECT_IDENTIFIER,
    SEQUENCE,
    encode_arcs,
    encode_integer,
    encode_sequence,
    encode_tlv,
    expect,
    parse_oid,
    read_header,
    read_integer,
)
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.message import IP_ADDRESS, RESPONSE, TIME_TICKS, Binding, decode_bindings

TRAP_V1, INFORM, TRAP_V2 = 0xA4, 0xA6, 0xA7

SYS_UP_TIME = parse_oid("1.3.6.1.2.1.1.3.0")
TRAP_OID = parse_oid("1.3.6.1.6.3.1.1.4.1.0")
TRAP_ENTERPRISE = parse_oid("1.3.6.1.6.3.1.1.4.3.0")
TRAP_ADDRESS = parse_oid("1.3.6.1.6.3.18.1.3.0")
"""Whom a trap came from, where another has passed it on."""

_STANDARD_TRAPS = parse_oid("1.3.6.1.6.3.1.1.5")
_ENTERPRISE_SPECIFIC = 6
_IPV4_BYTES = 4


@dataclass(frozen=True, slots=True)
class Notification:
    """What a device tells.

    Attributes:
        oid: What happened, encoded; of a trap of version 1, the name that version 2 gives it.
        bindings: What goes with it, without the time, the name and the address that have attributes of their own.
        up_time: Hundredths of a second that the device has been up; 0 where it does not say.
        address: Whom it is about, where it names one; empty otherwise.
        request_id: Of an inform; ``None`` of a trap, which wants no answer.
        raw: The encoded list of bindings, as the answer to an inform repeats it.
    """

    oid: bytes
    bindings: Sequence[Binding]
    up_time: int = 0
    address: str = ""
    request_id: int | None = None
    raw: bytes = b""


def decode_notification(data: bytes, at: int, end: int) -> Notification:
    """Return the trap or inform at ``at``.

    Raises:
        MalformedError: there is none.
    """
    kind, at, end = read_header(data, at, end)
    if kind == TRAP_V1:
        return _decode_first_version(data, at, end)
    if kind not in (TRAP_V2, INFORM):
        raise MalformedError(f"a message holds a PDU 0x{kind:02x}, which is neither trap nor inform")
    request_id, at = read_integer(data, at, end)
    _, at = read_integer(data, at, end)
    _, at = read_integer(data, at, end)
    start, stop = expect(data, at, end, SEQUENCE)
    found = decode_bindings(data, start, stop)
    name = next((b.value for b in found if b.oid == TRAP_OID and isinstance(b.value, bytes) and b.value), None)
    if name is None:
        raise MalformedError("a trap does not say what happened")
    return Notification(
        oid=name,
        bindings=[b for b in found if b.oid not in (SYS_UP_TIME, TRAP_OID, TRAP_ENTERPRISE, TRAP_ADDRESS)],
        up_time=next((b.value for b in found if b.oid == SYS_UP_TIME and isinstance(b.value, int)), 0),
        address=next((_address(b.value) for b in found if b.oid == TRAP_ADDRESS and isinstance(b.value, bytes)), ""),
        request_id=request_id if kind == INFORM else None,
        raw=data[at:stop],
    )


def encode_acknowledgement(notification: Notification) -> bytes:
    """Return the PDU that answers an inform."""
    assert notification.request_id is not None
    return encode_sequence(
        encode_integer(notification.request_id), encode_integer(0), encode_integer(0), notification.raw, tag=RESPONSE
    )


def encode_trap(oid: bytes, up_time: int, bindings: Sequence[tuple[bytes, bytes]], *, request_id: int = -1) -> bytes:
    """Return the PDU of a trap, or of an inform where ``request_id`` is given: for devices, as tests need them."""
    listed = [(SYS_UP_TIME, encode_integer(up_time, TIME_TICKS)), (TRAP_OID, encode_tlv(OBJECT_IDENTIFIER, oid))]
    return encode_sequence(
        encode_integer(max(request_id, 0)),
        encode_integer(0),
        encode_integer(0),
        encode_sequence(
            *(encode_sequence(encode_tlv(OBJECT_IDENTIFIER, name), value) for name, value in [*listed, *bindings])
        ),
        tag=TRAP_V2 if request_id < 0 else INFORM,
    )


def _decode_first_version(data: bytes, at: int, end: int) -> Notification:
    start, at = expect(data, at, end, OBJECT_IDENTIFIER)
    enterprise = data[start:at]
    start, at = expect(data, at, end, IP_ADDRESS)
    address = data[start:at]
    generic, at = read_integer(data, at, end)
    specific, at = read_integer(data, at, end)
    start, at = expect(data, at, end, TIME_TICKS)
    up_time = int.from_bytes(data[start:at], "big")
    start, stop = expect(data, at, end, SEQUENCE)
    if not enterprise or enterprise[-1] & 0x80 or specific < 0:
        raise MalformedError("a trap does not say what happened")
    if 0 <= generic < _ENTERPRISE_SPECIFIC:
        oid = _STANDARD_TRAPS + bytes((generic + 1,))
    else:
        oid = enterprise + b"\0" + encode_arcs((specific,))
    return Notification(oid, decode_bindings(data, start, stop), up_time, _address(address))


def _address(value: bytes) -> str:
    """The text of an address; empty where it is none, or that of nobody."""
    return str(ipaddress.IPv4Address(value)) if len(value) == _IPV4_BYTES and any(value) else ""
