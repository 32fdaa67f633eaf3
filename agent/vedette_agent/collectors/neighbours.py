"""Parses the kernel's neighbours, asked for over rtnetlink(7): the ARP table with its states."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from vedette_agent.collectors.netlink import dump, messages

_RTM_GETNEIGH = 30
_NUD_NOARP = 0x40
_NEIGHBOUR = struct.Struct("=BxxxiHBB")

_STATES = {
    0x00: "none",
    0x01: "incomplete",
    0x02: "reachable",
    0x04: "stale",
    0x08: "delay",
    0x10: "probe",
    0x20: "failed",
    0x40: "noarp",
    0x80: "permanent",
}
"""See linux/neighbour.h."""


class Neighbour(NamedTuple):
    """An entry of the ARP table: the interface's index, and the state."""

    interface: int
    state: str


def dump_neighbours() -> bytes:
    """Return the kernel's answer to a dump of the IPv4 neighbours.

    Raises:
        OSError: the kernel refuses, or does not answer in time.
    """
    return dump(_RTM_GETNEIGH, _NEIGHBOUR.pack(socket.AF_INET, 0, 0, 0, 0))


def parse_neighbours(content: bytes) -> Iterator[Neighbour]:
    """Yield the neighbours in a dump, without those that need no ARP, as ``/proc/net/arp`` has it.

    Raises:
        OSError: the dump holds an error of the kernel.
        ValueError: it is cut short.
    """
    for start, end in messages(content):
        if end - start < _NEIGHBOUR.size:
            raise ValueError("a netlink message about a neighbour is cut short")
        family, interface, state, _, _ = _NEIGHBOUR.unpack_from(content, start)
        if family == socket.AF_INET and not state & _NUD_NOARP:
            yield Neighbour(interface, _STATES.get(state, "unknown"))
