"""The control group that a listening socket was opened in: the kernel tells it to anybody, by netlink (sock_diag(7)).

So the owners of sockets can be named without the right to look into the processes of other users, which would be the
right to take them over (CAP_SYS_PTRACE).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_SOCK_DIAG_BY_FAMILY = 20
_NLMSG_DONE, _NLMSG_ERROR = 3, 2
_REQUEST_DUMP = 0x301
_LISTEN = 1 << 10
_CGROUP_ID = 21
_NETLINK_SOCK_DIAG = 4
_HEADER = struct.Struct("=IHHII")
"""nlmsghdr: length, type, flags, sequence, port."""
_QUESTION = struct.Struct("=BBBxI48x")
"""inet_diag_req_v2: family, protocol, extensions, states, and any socket."""
_INODE = struct.Struct("=68xI")
"""inet_diag_msg, of which the inode is the last field."""
_ATTRIBUTE = struct.Struct("=HH")
_GROUP = struct.Struct("=Q")
_RECEIVE_BYTES = 1 << 16


def socket_groups() -> dict[int, int]:
    """Return the control groups of all listening sockets of TCP, by inode; none where the kernel does not tell.

    A control group is named by the inode of its folder.
    """
    found: dict[int, int] = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as link:
            link.send(encode_question(family))
            while True:
                groups, is_last = decode_answer(link.recv(_RECEIVE_BYTES))
                found.update(groups)
                if is_last:
                    break
    return found


def encode_question(family: int) -> bytes:
    """Return the message that asks for the listening sockets of TCP of an address family."""
    body = _QUESTION.pack(family, socket.IPPROTO_TCP, 0, _LISTEN)
    return _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 0, 0) + body


def decode_answer(data: bytes) -> tuple[dict[int, int], bool]:
    """Return (control groups by the sockets' inodes, whether nothing follows) of messages that came together."""
    found: dict[int, int] = {}
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEADER.size:
            return found, True
        message = data[at + _HEADER.size : at + length]
        if kind == _SOCK_DIAG_BY_FAMILY and len(message) >= _INODE.size:
            group = next((value for kind, value in _attributes(message[_INODE.size :]) if kind == _CGROUP_ID), b"")
            if len(group) == _GROUP.size:
                found[_INODE.unpack_from(message)[0]] = _GROUP.unpack(group)[0]
        at += _aligned(length)
    return found, False


def group_processes(root: Path, groups: Iterable[int]) -> dict[int, list[int]]:
    """Return the processes of control groups, by the inodes of their folders.

    Args:
        root: Where the hierarchy of version 2 is mounted.
        groups: Which.
    """
    wanted = set(groups)
    found: dict[int, list[int]] = {}
    for folder, inode in _folders(root):
        if len(found) == len(wanted):
            break
        if inode in wanted:
            with suppress(OSError):  # gone meanwhile
                found[inode] = [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    return found


def hierarchy(sys: Path) -> Path | None:
    """Return where control groups of version 2 are below sysfs, beside those of version 1 as well; or ``None``."""
    for folder in (sys / "fs/cgroup", sys / "fs/cgroup/unified"):
        if (folder / "cgroup.procs").exists() and not (folder / "tasks").exists():
            return folder
    return None


def _folders(root: Path) -> Iterator[tuple[Path, int]]:
    with suppress(OSError):
        yield root, root.stat().st_ino
        left = [root]
        while left:
            with suppress(OSError), os.scandir(left.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        left.append(Path(entry.path))
                        yield left[-1], entry.inode()


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            return
        yield kind, data[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)


def _aligned(length: int) -> int:
    return length + 3 & ~3
