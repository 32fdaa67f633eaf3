"""The kernel's answer to a dump of its links, and damaged ones."""

from __future__ import annotations

import struct

import pytest

from vedette_agent.collectors.netlink import Link, dump_links, parse_links

DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


def _attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def _message(*attributes: bytes) -> bytes:
    body = bytes(16) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), 16, 2, 1, 0) + body


def test_a_dump_yields_links_with_their_counters() -> None:
    counters = tuple(range(1, 25))
    statistics = struct.pack("=25Q", *counters, 99)
    dump = _message(_attribute(3, b"eth0\0"), _attribute(23, statistics)) + DONE
    assert parse_links(dump) == [Link("eth0", counters)]


def test_an_old_kernel_has_counters_of_32_bits() -> None:
    dump = _message(_attribute(3, b"eth0\0"), _attribute(7, struct.pack("=23I", *range(23)))) + DONE
    assert parse_links(dump) == [Link("eth0", (*range(23), 0))]


def test_a_link_without_counters_is_left_out() -> None:
    assert parse_links(_message(_attribute(3, b"x\0")) + DONE) == []


def test_an_error_of_the_kernel_is_one() -> None:
    with pytest.raises(PermissionError):
        parse_links(struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1))


@pytest.mark.parametrize("cut", [5, 17, 40, 120, 260])
def test_a_dump_cut_short_is_an_error(cut: int) -> None:
    dump = _message(_attribute(3, b"eth0\0"), _attribute(23, bytes(200))) + DONE
    with pytest.raises(ValueError, match="netlink"):
        parse_links(dump[: len(dump) - cut])


def test_this_host_has_a_loopback_interface() -> None:
    assert "lo" in {link.name for link in parse_links(dump_links())}
