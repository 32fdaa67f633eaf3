"""Asks the kernel for its network links over rtnetlink(7): one dump, no file for each property."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_RTM_GETLINK = 18
_NLM_F_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_IFLA_IFNAME = 3
_IFLA_STATS = 7
_IFLA_STATS64 = 23
_TYPE_MASK = 0x3FFF  # without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ATTRIBUTE = struct.Struct("=HH")
_STATS64 = struct.Struct("=24Q")
_STATS32 = struct.Struct("=23I")
_RECEIVE_BYTES = 131_072
_TIMEOUT_SECONDS = 2.0

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
    """A network interface and its counters in the order of ``COUNTERS``."""

    name: str
    counters: tuple[int, ...]


def dump_links() -> bytes:
    """Return the kernel's answer to a dump of all links, its end included.

    Raises:
        OSError: the kernel refuses, or does not answer in time.
    """
    payload = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    request = _HEADER.pack(_HEADER.size + len(payload), _RTM_GETLINK, _NLM_F_DUMP, 1, 0) + payload
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
    """Whether a datagram holds the end of a dump, or an error in its stead, which is always its last message."""
    offset = 0
    while offset + _HEADER.size <= len(part):
        length, kind = _HEADER.unpack_from(part, offset)[:2]
        if kind in {_NLMSG_DONE, _NLMSG_ERROR} or length < _HEADER.size:
            return True
        offset += (length + 3) & ~3
    return not part


def parse_links(dump: bytes) -> list[Link]:
    """Return the links in a dump; those without counters are left out.

    Raises:
        OSError: the dump holds an error of the kernel.
        ValueError: it is cut short.
    """
    links: list[Link] = []
    offset = 0
    try:
        while offset < len(dump):
            length, kind = _HEADER.unpack_from(dump, offset)[:2]
            if kind == _NLMSG_ERROR:
                (code,) = struct.unpack_from("=i", dump, offset + _HEADER.size)
                raise OSError(-code, "the kernel refuses a dump of its links")
            if kind == _NLMSG_DONE:
                return links
            link = _parse_link(dump, offset + _HEADER.size + _LINK.size, offset + length)
            if link is not None:
                links.append(link)
            offset += max((length + 3) & ~3, _HEADER.size)
    except struct.error as error:
        raise ValueError(f"a netlink message is cut short: {error}") from error
    raise ValueError("a netlink dump without an end")


def _parse_link(dump: bytes, offset: int, end: int) -> Link | None:
    name = ""
    counters: tuple[int, ...] | None = None
    while offset + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(dump, offset)
        if length < _ATTRIBUTE.size:
            raise ValueError("a netlink attribute shorter than its head")
        kind &= _TYPE_MASK
        start = offset + _ATTRIBUTE.size
        if kind == _IFLA_IFNAME:
            name = dump[start : offset + length].rstrip(b"\0").decode("utf-8", "replace")
        elif kind == _IFLA_STATS64:
            counters = _STATS64.unpack_from(dump, start)
        elif kind == _IFLA_STATS and counters is None:
            counters = (*_STATS32.unpack_from(dump, start), 0)
        offset += (length + 3) & ~3
    return None if counters is None else Link(name, counters)
