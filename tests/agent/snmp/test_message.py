"""Messages of versions 1 and 2c, side by side with pysnmp."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from vedette_agent.snmp.ber import encode_oid
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.message import (
    COUNTER32,
    COUNTER64,
    END_OF_MIB_VIEW,
    GAUGE32,
    GET_BULK,
    IP_ADDRESS,
    OPAQUE,
    RESPONSE,
    TIME_TICKS,
    Answer,
    Binding,
    Query,
    decode_community_message,
    encode_community_message,
    encode_query,
)

NAME = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 200)

VALUES = [
    (v2c.Integer32(-5), 2, -5),
    (v2c.OctetString(b"eth0"), 4, b"eth0"),
    (v2c.ObjectIdentifier("1.3.6.1"), 6, bytes((43, 6, 1))),
    (v2c.IpAddress("10.0.0.1"), IP_ADDRESS, bytes((10, 0, 0, 1))),
    (v2c.Counter32(2**32 - 1), COUNTER32, 2**32 - 1),
    (v2c.Gauge32(2**31), GAUGE32, 2**31),
    (v2c.TimeTicks(7), TIME_TICKS, 7),
    (v2c.Counter64(2**64 - 1), COUNTER64, 2**64 - 1),
    (v2c.Opaque(b"\x9f\x78\x04" + struct.pack(">f", 1.5)), OPAQUE, 1.5),
    (v2c.Opaque(b"\x9f\x79\x08" + struct.pack(">d", 0.1)), OPAQUE, 0.1),
    (v2c.Opaque(b"other"), OPAQUE, b"other"),
    (v2c.EndOfMibView(), END_OF_MIB_VIEW, None),
]


def response(*values: object, error: tuple[int, int] = (0, 0)) -> bytes:
    """A response as pysnmp writes it."""
    pdu = v2c.GetResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, 99)
    v2c.apiPDU.set_error_status(pdu, error[0])
    v2c.apiPDU.set_error_index(pdu, error[1])
    v2c.apiPDU.set_varbinds(pdu, [(NAME, value) for value in values])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    encoded: bytes = encoder.encode(message)
    return encoded


def test_values() -> None:
    """Each type of value comes as what it is."""
    answer = decode_community_message(response(*(value for value, _, _ in VALUES)), 1)
    name = encode_oid(NAME)
    assert answer == Answer(RESPONSE, 99, 0, 0, [Binding(name, tag, value) for _, tag, value in VALUES])


def test_errors_of_the_agent() -> None:
    assert decode_community_message(response(error=(2, 1)), 1) == Answer(RESPONSE, 99, 2, 1, [])


def test_a_bulk_request() -> None:
    """Byte for byte as pysnmp writes it."""
    pdu = v2c.GetBulkRequestPDU()
    v2c.apiBulkPDU.set_defaults(pdu)
    v2c.apiBulkPDU.set_request_id(pdu, 12345)
    v2c.apiBulkPDU.set_non_repeaters(pdu, 0)
    v2c.apiBulkPDU.set_max_repetitions(pdu, 10)
    v2c.apiBulkPDU.set_varbinds(pdu, [(NAME, v2c.Null("")), (NAME[:-1], v2c.Null(""))])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "secret")
    v2c.apiMessage.set_pdu(message, pdu)
    query = Query(GET_BULK, [encode_oid(NAME), encode_oid(NAME[:-1])], 10)
    assert encode_community_message(1, b"secret", encode_query(query, 12345)) == encoder.encode(message)


@given(st.data())
def test_garbage(data: st.DataObject) -> None:
    """Bytes that were cut or changed are either understood or malformed, and nothing else."""
    whole = bytearray(response(v2c.Counter64(1), v2c.OctetString(b"x" * 200)))
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for tried in (bytes(whole), bytes(whole[:cut])):
        try:
            decode_community_message(tried, 1)
        except MalformedError:
            continue


def test_another_version() -> None:
    with pytest.raises(MalformedError, match="another version"):
        decode_community_message(response(), 0)


def test_a_number_that_is_too_long() -> None:
    whole = response(v2c.Integer32(1))
    value = b"\x02\x01\x01"
    assert whole.endswith(value)
    with pytest.raises(MalformedError):
        _ = decode_community_message(_longer(whole, b"\x02\x0a" + bytes(10)), 1)


def _longer(whole: bytes, value: bytes) -> bytes:
    """A message with another last value: every length around it grows."""
    grown = bytearray(whole[:-3] + value)
    pdu = whole.index(b"\xa2")
    bindings = whole.index(b"\x30", pdu)
    binding = whole.index(b"\x30", bindings + 2)
    for at in (0, pdu, bindings, binding):
        grown[at + 1] += len(value) - 3
    return bytes(grown)
