"""The sockets of TCP that listen on this host, and whose they are: out of ``/proc``, as proc(5) describes it."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from vedette_agent.apps.groups import group_processes, hierarchy, socket_groups

_LISTENING = "0A"
_LONGEST_NAME = 15
_SOCKET = re.compile(r"socket:\[(\d+)\]")


class Listener(NamedTuple):
    """One listening socket; ``inode`` is another for each that is opened."""

    address: str
    port: int
    inode: int

    @property
    def reached_at(self) -> str:
        """The address of this host that leads to it."""
        address = ipaddress.ip_address(self.address)
        if address.is_unspecified:
            return "127.0.0.1" if address.version == 4 else "::1"
        mapped = getattr(address, "ipv4_mapped", None)
        return str(mapped or address)


def listeners(proc: Path) -> list[Listener]:
    """Return all listening sockets, one for each port: one on loopback, or on all addresses, before others.

    Args:
        proc: Where procfs is mounted.
    """
    best: dict[int, Listener] = {}
    for name in ("tcp", "tcp6"):
        try:
            text = (proc / "net" / name).read_text()
        except OSError:
            continue
        for found in read_table(text):
            known = best.get(found.port)
            if known is None or _preference(found) < _preference(known):
                best[found.port] = found
    return [best[port] for port in sorted(best)]


def read_table(text: str) -> Iterator[Listener]:
    """Yield the listening sockets of ``/proc/net/tcp`` or ``tcp6``; lines that are none are passed over."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != _LISTENING:
            continue
        digits, _, port = fields[1].partition(":")
        try:
            yield Listener(_address(digits), int(port, 16), int(fields[9]))
        except ValueError:
            continue


def owners(proc: Path, sys: Path, inodes: Iterable[int]) -> dict[int, str]:
    """Return the names of the processes that hold sockets, by inode.

    What other users' processes hold is not for everybody to see. There the processes of the control group that the
    socket was opened in are taken for its owners, as those of a service are, where all have the same name.
    """
    wanted = set(inodes)
    found = _seen(proc, wanted) if wanted else {}
    left = wanted - found.keys()
    return found | _of_groups(proc, sys, left) if left else found


def _of_groups(proc: Path, sys: Path, wanted: set[int]) -> dict[int, str]:
    root = hierarchy(sys)
    if root is None:
        return {}
    groups = {inode: group for inode, group in socket_groups().items() if inode in wanted}
    names: dict[int, str] = {}
    for group, pids in group_processes(root, groups.values()).items():
        different = set()
        for pid in pids:
            with suppress(OSError):
                different.add(_name(proc / str(pid)))
        if len(different) == 1:
            names[group] = different.pop()
    return {inode: names[group] for inode, group in groups.items() if group in names}


def _seen(proc: Path, wanted: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        for inode in wanted.intersection(_held(process)):
            with suppress(OSError):
                found.setdefault(inode, _name(process))
    return found


def _name(process: Path) -> str:
    """The kernel's name of a process; the program's own where that is the same and longer than the kernel keeps."""
    name = (process / "comm").read_text().strip()
    if len(name) < _LONGEST_NAME:
        return name
    program = (process / "cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace").rpartition("/")[2]
    return program if program.startswith(name) else name


def _held(process: Path) -> Iterator[int]:
    """The inodes of the sockets that a process holds; none of one that is another user's, or gone."""
    with suppress(OSError):
        for entry in (process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                match = _SOCKET.fullmatch(str(entry.readlink()))
                if match:
                    yield int(match[1])


def _address(digits: str) -> str:
    """The kernel writes words of 32 bits in its own order of bytes."""
    words = [int(digits[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(digits), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def _preference(listener: Listener) -> tuple[bool, bool]:
    address = ipaddress.ip_address(listener.address)
    return (not (address.is_loopback or address.is_unspecified), address.version != 4)
