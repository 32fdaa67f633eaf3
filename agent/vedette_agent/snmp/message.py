"""PDUs and the messages of SNMP v1 and v2c, as bytes (RFC 1157, RFC 1901, RFC 3416)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from vedette_agent.snmp.ber import (
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    encode_integer,
    encode_octets,
    encode_sequence,
    encode_tlv,
    expect,
    read_header,
    read_integer,
    read_octets,
)
from vedette_agent.snmp.errors import MalformedError, SnmpError

VERSION_1, VERSION_2C, VERSION_3 = 0, 1, 3

GET, GET_NEXT, RESPONSE, GET_BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA5, 0xA8

IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82

TOO_BIG, NO_SUCH_NAME, GENERAL_ERROR, NO_ACCESS, AUTHORIZATION_ERROR = 1, 2, 5, 6, 16

_MAX_NUMBER = 9
"""Bytes of the largest Counter64, with the zero that keeps it positive."""

_UNSIGNED = frozenset((COUNTER32, GAUGE32, TIME_TICKS, COUNTER64))
_EXCEPTIONS = frozenset((NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW))
# Net-SNMP wraps floating-point numbers into Opaque, under tags of its own.
_OPAQUE_FLOATS = {b"\x9f\x78\x04": ">f", b"\x9f\x79\x08": ">d"}

Value: TypeAlias = int | float | bytes | None


class Binding(NamedTuple):
    """A variable and its value.

    Attributes:
        oid: Encoded, as ``ber`` has it.
        tag: The type of the value, or an exception such as ``END_OF_MIB_VIEW``.
        value: A number for the numeric types, ``None`` for NULL and exceptions, else the bytes.
    """

    oid: bytes
    tag: int
    value: Value

    @property
    def is_missing(self) -> bool:
        """Whether the agent says that there is no such variable."""
        return self.tag in _EXCEPTIONS or self.tag == NULL


@dataclass(frozen=True, slots=True)
class Query:
    """What to ask. ``repetitions`` counts for GETBULK."""

    kind: int
    oids: Sequence[bytes]
    repetitions: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A PDU that an agent has sent: RESPONSE or REPORT. ``error_index`` counts from 1."""

    kind: int
    request_id: int
    error_status: int
    error_index: int
    bindings: Sequence[Binding]


def raise_refusal(answer: Answer) -> None:
    """Raise SnmpError where an agent says that the community or user may not read."""
    if answer.error_status in (NO_ACCESS, AUTHORIZATION_ERROR):
        raise SnmpError("does not let the community or user read this")


def encode_query(query: Query, request_id: int) -> bytes:
    """Return the PDU of a request."""
    bindings = (encode_sequence(encode_tlv(OBJECT_IDENTIFIER, oid), b"\x05\x00") for oid in query.oids)
    return encode_sequence(
        encode_integer(request_id),
        encode_integer(0),
        encode_integer(query.repetitions if query.kind == GET_BULK else 0),
        encode_sequence(*bindings),
        tag=query.kind,
    )


def decode_answer(data: bytes, at: int, end: int) -> Answer:
    """Return the PDU at ``at``.

    Raises:
        MalformedError: there is none, or it is no answer.
    """
    kind, at, end = read_header(data, at, end)
    if kind not in (RESPONSE, REPORT):
        raise MalformedError(f"a message holds a PDU 0x{kind:02x}, which is no answer")
    request_id, at = read_integer(data, at, end)
    error_status, at = read_integer(data, at, end)
    error_index, at = read_integer(data, at, end)
    start, stop = expect(data, at, end, SEQUENCE)
    return Answer(kind, request_id, error_status, error_index, decode_bindings(data, start, stop))


def decode_bindings(data: bytes, at: int, end: int) -> list[Binding]:
    """Return the variables that lie between ``at`` and ``end``, one after the other. Raises MalformedError."""
    bindings: list[Binding] = []
    while at < end:
        start, stop = expect(data, at, end, SEQUENCE)
        oid_start, oid_stop = expect(data, start, stop, OBJECT_IDENTIFIER)
        tag, value_start, value_stop = read_header(data, oid_stop, stop)
        oid = data[oid_start:oid_stop]
        if not oid or oid[-1] & 0x80:
            raise MalformedError("a message holds an object identifier that ends within a number")
        bindings.append(Binding(oid, tag, _value(tag, data[value_start:value_stop])))
        at = stop
    return bindings


def _value(tag: int, content: bytes) -> Value:
    if tag in _UNSIGNED or tag == INTEGER:
        if len(content) > _MAX_NUMBER:
            raise MalformedError("a message holds a number that no type of SNMP can hold")
        return int.from_bytes(content, "big", signed=tag == INTEGER)
    if tag in (OCTET_STRING, OBJECT_IDENTIFIER, IP_ADDRESS):
        return content
    if tag == OPAQUE:
        form = _OPAQUE_FLOATS.get(content[:3])
        if form is not None and len(content) == 3 + struct.calcsize(form):
            return float(struct.unpack(form, content[3:])[0])
        return content
    return None


def encode_community_message(version: int, community: bytes, pdu: bytes) -> bytes:
    """Return a message of v1 or v2c."""
    return encode_sequence(encode_integer(version), encode_octets(community), pdu)


def decode_community_message(data: bytes, version: int) -> Answer:
    """Return the answer in a message of v1 or v2c. Agents need not send the community back, so it is not looked at.

    Raises:
        MalformedError: it is of another version, or malformed.
    """
    at, end = expect(data, 0, len(data), SEQUENCE)
    found, at = read_integer(data, at, end)
    if found != version:
        raise MalformedError("the answer is of another version of SNMP")
    _, at = read_octets(data, at, end)
    return decode_answer(data, at, end)


def encode_bindings(bindings: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a list of variables with values that are encoded already: for agents, as tests need them."""
    return encode_sequence(*(encode_sequence(encode_tlv(OBJECT_IDENTIFIER, oid), value) for oid, value in bindings))
