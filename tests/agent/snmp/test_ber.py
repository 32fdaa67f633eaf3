"""BER as SNMP uses it: numbers and identifiers, there and back, in the order of SNMP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ

from vedette_agent.snmp.ber import (
    decode_arcs,
    encode_arcs,
    encode_integer,
    encode_octets,
    encode_oid,
    encode_tlv,
    format_oid,
    is_after,
    parse_oid,
    read_header,
    read_integer,
    read_octets,
)
from vedette_agent.snmp.errors import MalformedError

ARCS = st.lists(st.integers(0, 2**32 - 1), max_size=20)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers(value: int) -> None:
    """As pyasn1 reads them, in no more bytes than it writes, and back."""
    encoded = encode_integer(value)
    assert decoder.decode(encoded)[0] == value
    assert len(encoded) <= len(encoder.encode(univ.Integer(value)))
    assert read_integer(encoded, 0, len(encoded)) == (value, len(encoded))


@given(ARCS)
def test_identifiers(arcs: list[int]) -> None:
    """As pyasn1 writes them, and back."""
    oid = encode_oid([1, 3, *arcs])
    assert encode_tlv(6, oid) == encoder.encode(univ.ObjectIdentifier([1, 3, *arcs]))
    assert parse_oid(format_oid(oid)) == oid
    assert list(decode_arcs(encode_arcs(arcs))) == arcs


@given(ARCS, ARCS)
def test_order(left: list[int], right: list[int]) -> None:
    """Encoded identifiers are ordered as their numbers are, though their bytes may not be."""
    assert is_after(encode_arcs(left), encode_arcs(right)) == (left > right)


def test_order_where_bytes_mislead() -> None:
    assert encode_arcs([16_384]) < encode_arcs([16_383])
    assert is_after(encode_arcs([16_384]), encode_arcs([16_383]))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 70_000])
def test_lengths(size: int) -> None:
    encoded = encode_octets(b"x" * size)
    assert encoded == encoder.encode(univ.OctetString(b"x" * size))
    assert read_octets(encoded, 0, len(encoded)) == (b"x" * size, len(encoded))


@pytest.mark.parametrize("text", ["", "1", "1.3.x", "3.1", "1..3", "1.3.-1", "ifInOctets", "1.3.٣"])
def test_texts_that_are_no_identifiers(text: str) -> None:
    with pytest.raises(ValueError, match="is not an object identifier; write it in numbers, like"):
        parse_oid(text)


@pytest.mark.parametrize("data", ["", "02", "0201", "0280", "028500000000", "0282ff", "04020a"])
def test_headers_that_lead_nowhere(data: str) -> None:
    encoded = bytes.fromhex(data)
    with pytest.raises(MalformedError):
        read_header(encoded, 0, len(encoded))
