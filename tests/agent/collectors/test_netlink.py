"""The kernel's answer to a dump of its links, and damaged ones."""

from __future__ import annotations

import struct

import pytest

from vedette_agent.collectors.netclass import NetclassCollector
from vedette_agent.collectors.netlink import Link, dump_links, parse_links
from vedette_agent.collectors.options import NodeOptions
from vedette_shared.config import merge_config
from vedette_shared.labels import Labels

DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


def _attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def _message(*attributes: bytes) -> bytes:
    body = struct.pack("=BxHiII", 0, 1, 4, 0x1043, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), 16, 2, 1, 0) + body


def test_a_dump_yields_links_with_their_attributes() -> None:
    counters = struct.pack("=25Q", *range(1, 26))
    dump = _message(_attribute(3, b"eth0\0"), _attribute(4, struct.pack("=I", 1500)), _attribute(23, counters)) + DONE
    (link,) = parse_links(dump)
    assert link == Link("eth0", 4, 1, 0x1043, {3: b"eth0\0", 4: struct.pack("=I", 1500), 23: counters})
    assert link.counters() == tuple(range(1, 25))
    assert [link.number(attribute) for attribute in (4, 5)] == [1500, None]


def test_an_old_kernel_has_counters_of_32_bits() -> None:
    (link,) = parse_links(_message(_attribute(7, struct.pack("=23I", *range(23)))) + DONE)
    assert link.counters() == (*range(23), 0)


def test_a_link_may_have_no_counters() -> None:
    (link,) = parse_links(_message(_attribute(3, b"x\0")) + DONE)
    assert link.counters() is None


def test_counters_cut_short_are_an_error() -> None:
    (link,) = parse_links(_message(_attribute(3, b"x\0"), _attribute(23, bytes(100))) + DONE)
    with pytest.raises(ValueError, match="counters of x are cut short"):
        link.counters()


def test_an_error_of_the_kernel_is_one() -> None:
    with pytest.raises(PermissionError, match="Operation not permitted"):
        parse_links(struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1))


@pytest.mark.parametrize("cut", [5, 17, 40, 120, 240])
def test_a_dump_cut_short_is_an_error(cut: int) -> None:
    dump = _message(_attribute(3, b"eth0\0"), _attribute(23, bytes(200))) + DONE
    with pytest.raises(ValueError, match="netlink"):
        parse_links(dump[: len(dump) - cut])


def test_this_host_has_a_loopback_interface() -> None:
    assert "lo" in {link.name for link in parse_links(dump_links())}


def test_netlink_and_files_tell_the_same() -> None:
    """Of every interface of this host."""

    def collect(**options: object) -> dict[str, list[tuple[Labels, float]]]:
        collector = NetclassCollector(merge_config(NodeOptions, [("", {"netclass": options})]))
        return {
            family.name: sorted((sample.labels, sample.value) for sample in family.samples)
            for family in collector.collect()
        }

    assert collect(netlink=True) == collect(netlink=False)
