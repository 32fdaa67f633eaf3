"""Addresses read and print as ``host:port`` and know loopback."""

import pytest

from vedette_shared.addresses import Address

READS = [
    ("127.0.0.1:9470", Address("127.0.0.1", 9470), True),
    ("[::1]:9470", Address("::1", 9470), True),
    ("localhost:0", Address("localhost", 0), True),
    ("0.0.0.0:80", Address("0.0.0.0", 80), False),
    ("[::]:80", Address("::", 80), False),
    ("h1.example:80", Address("h1.example", 80), False),
]


@pytest.mark.parametrize(("text", "address", "loopback"), READS)
def test_reads_and_prints(text: str, address: Address, loopback: bool) -> None:
    read = Address.from_toml(text)
    assert (read, str(read), read.is_loopback) == (address, text, loopback)


@pytest.mark.parametrize("value", ["", "9470", ":9470", "h:", "h:x", "h:65536", "h:-1", 9470])
def test_refuses(value: object) -> None:
    with pytest.raises(ValueError, match="is not an address; write it like"):
        Address.from_toml(value)
