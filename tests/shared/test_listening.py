"""A port is bound at once, or one line says why not."""

import pytest

from vedette_shared.addresses import Address
from vedette_shared.errors import ListenError
from vedette_shared.listening import bound_address, is_free, listen_on

LOOPBACK = Address("127.0.0.1", 0)


def test_port_zero_takes_a_free_one() -> None:
    with listen_on(LOOPBACK) as listener:
        address = bound_address(listener)
        assert (address.host, address.port > 0, is_free(address)) == ("127.0.0.1", True, False)
    assert is_free(address)


def test_a_taken_port() -> None:
    with listen_on(LOOPBACK) as listener:
        address = bound_address(listener)
        with pytest.raises(ListenError) as caught:
            listen_on(address)
    assert str(caught.value) == (
        f"cannot listen on {address}: Address already in use;"
        " another process listens there; stop it or name another port"
    )


def test_an_address_of_another_machine() -> None:
    with pytest.raises(ListenError, match="this machine does not have that address"):
        listen_on(Address("192.0.2.1", 0))
