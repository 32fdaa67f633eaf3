"""Asks the kernel over rtnetlink(7): one dump instead of a file for each property."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_RTM_GETLINK = 18
_NLM_F_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_TYPE_MASK = 0x3FFF  # without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")  # family, kind, index, flags, change
_ATTRIBUTE = struct.Struct("=HH")
_STATS64 = struct.Struct("=24Q")
_STATS32 = struct.Struct("=23I")
_RECEIVE_BYTES = 131_072
_TIMEOUT_SECONDS = 2.0

IFLA_ADDRESS = 1
IFLA_BROADCAST = 2
IFLA_IFNAME = 3
IFLA_MTU = 4
IFLA_LINK = 5
IFLA_STATS = 7
IFLA_TXQLEN = 13
IFLA_OPERSTATE = 16
IFLA_LINKMODE = 17
IFLA_IFALIAS = 20
IFLA_STATS64 = 23
IFLA_GROUP = 27
IFLA_CARRIER = 33
IFLA_CARRIER_CHANGES = 35
IFLA_CARRIER_UP_COUNT = 47
IFLA_CARRIER_DOWN_COUNT = 48

COUNTERS = (
    "receive_packets",
    "transmit_packets",
    "receive_bytes",
    "transmit_bytes",
    "receive_errors",
    "transmit_errors",
    "receive_dropped",
    "transmit_dropped",
    "multicast",
    "collisions",
    "receive_length_errors",
    "receive_over_errors",
    "receive_crc_errors",
    "receive_frame_errors",
    "receive_fifo_errors",
    "receive_missed_errors",
    "transmit_aborted_errors",
    "transmit_carrier_errors",
    "transmit_fifo_errors",
    "transmit_heartbeat_errors",
    "transmit_window_errors",
    "receive_compressed",
    "transmit_compressed",
    "receive_nohandler",
)
"""The columns of ``struct rtnl_link_stats64``, see linux/if_link.h."""


class Link(NamedTuple):
    """A network interface: its index, its kind of hardware as in linux/if_arp.h, its flags as in linux/if.h, and its
    attributes, raw, under the numbers above."""

    name: str
    interface: int
    kind: int
    flags: int
    attributes: dict[int, bytes]

    def number(self, attribute: int) -> int | None:
        """Return an attribute that is an unsigned number; ``None`` where the kernel does not tell it."""
        content = self.attributes.get(attribute)
        return None if content is None else int.from_bytes(content, sys.byteorder)

    def counters(self) -> tuple[int, ...] | None:
        """Return the counters in the order of ``COUNTERS``; ``None`` for an interface that has none.

        Raises:
            ValueError: they are cut short.
        """
        content = self.attributes.get(IFLA_STATS64)
        try:
            if content is not None:
                return _STATS64.unpack_from(content)
            content = self.attributes.get(IFLA_STATS)
            # Old kernels count in 32 bits, and not what nobody handles.
            return None if content is None else (*_STATS32.unpack_from(content), 0)
        except struct.error as error:
            raise ValueError(f"the counters of {self.name} are cut short") from error


def dump(kind: int, payload: bytes) -> bytes:
    """Return the kernel's answer to a request for all objects of a kind, its end included.

    Raises:
        OSError: the kernel refuses, or does not answer in time.
    """
    request = _HEADER.pack(_HEADER.size + len(payload), kind, _NLM_F_DUMP, 1, 0) + payload
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as link:
        link.settimeout(_TIMEOUT_SECONDS)
        link.send(request)
        parts = []
        while True:
            part = link.recv(_RECEIVE_BYTES)
            parts.append(part)
            if _ends(part):
                return b"".join(parts)


def _ends(part: bytes) -> bool:
    """Whether a datagram holds the end of a dump, or an error in its stead."""
    offset = 0
    while offset + _HEADER.size <= len(part):
        length, kind = _HEADER.unpack_from(part, offset)[:2]
        if kind in {_NLMSG_DONE, _NLMSG_ERROR} or length < _HEADER.size:
            return True
        offset += (length + 3) & ~3
    return not part


def messages(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the body of each message of a dump starts and ends.

    Raises:
        OSError: the dump holds an error of the kernel.
        ValueError: it is cut short.
    """
    offset = 0
    while offset + _HEADER.size <= len(content):
        length, kind = _HEADER.unpack_from(content, offset)[:2]
        start, end = offset + _HEADER.size, offset + length
        if kind == _NLMSG_DONE:
            return
        if length < _HEADER.size or end > len(content):
            break
        if kind == _NLMSG_ERROR:
            code = int.from_bytes(content[start : start + 4], sys.byteorder, signed=True)
            raise OSError(-code, f"the kernel refuses a netlink dump: {os.strerror(-code)}")
        yield start, end
        offset += (length + 3) & ~3
    raise ValueError("a netlink dump is cut short")


def dump_links() -> bytes:
    """Return the kernel's answer to a dump of its links.

    Raises:
        OSError: the kernel refuses, or does not answer in time.
    """
    return dump(_RTM_GETLINK, _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0))


def parse_links(content: bytes) -> list[Link]:
    """Return the links in a dump.

    Raises:
        OSError: the dump holds an error of the kernel.
        ValueError: it is cut short.
    """
    return [_parse_link(content, start, end) for start, end in messages(content)]


def _parse_link(content: bytes, start: int, end: int) -> Link:
    offset = start + _LINK.size
    if offset > end:
        raise ValueError("a netlink message about a link is cut short")
    _, kind, index, flags, _ = _LINK.unpack_from(content, start)
    attributes: dict[int, bytes] = {}
    while offset + _ATTRIBUTE.size <= end:
        length, attribute = _ATTRIBUTE.unpack_from(content, offset)
        if length < _ATTRIBUTE.size or offset + length > end:
            raise ValueError("a netlink attribute is cut short")
        attributes[attribute & _TYPE_MASK] = content[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    name = attributes.get(IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "replace")
    return Link(name, index, kind, flags, attributes)
