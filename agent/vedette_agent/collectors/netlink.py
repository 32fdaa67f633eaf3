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
    """Return the links in a dump; those without counters are left out.

    Raises:
        OSError: the dump holds an error of the kernel.
        ValueError: it is cut short.
    """
    links = (_parse_link(content, start + _LINK.size, end) for start, end in messages(content))
    return [link for link in links if link is not None]


def _parse_link(content: bytes, offset: int, end: int) -> Link | None:
    name = ""
    counters: tuple[int, ...] | None = None
    while offset + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(content, offset)
        if length < _ATTRIBUTE.size or offset + length > end:
            raise ValueError("a netlink attribute is cut short")
        kind &= _TYPE_MASK
        start = offset + _ATTRIBUTE.size
        if kind == _IFLA_IFNAME:
            name = content[start : offset + length].rstrip(b"\0").decode("utf-8", "replace")
        elif kind == _IFLA_STATS64:
            counters = _STATS64.unpack_from(content, start)
        elif kind == _IFLA_STATS and counters is None:
            counters = (*_STATS32.unpack_from(content, start), 0)
        offset += (length + 3) & ~3
    return None if counters is None else Link(name, counters)
