"""The sockets that listen on this host: out of ``/proc``, as proc(5) describes it."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

Place = int | str
"""Where a socket listens: the port of one of TCP, the path of one of this host."""

_LISTENING = "0A"
_ACCEPTS = 1 << 16  # the kernel's __SO_ACCEPTCON
_STREAM = 1


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

    @property
    def authority(self) -> str:
        """The same, with the port, as a URL has it."""
        address = self.reached_at
        return f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"

    @property
    def place(self) -> Place:
        """The port."""
        return self.port

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class UnixListener(NamedTuple):
    """One listening socket in the file system of this host, at ``path`` as this process sees it."""

    path: str
    inode: int

    @property
    def place(self) -> Place:
        """The path."""
        return self.path

    def __str__(self) -> str:
        return self.path


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


def unix_listeners(proc: Path, rootfs: Path) -> list[UnixListener]:
    """Return all listening stream sockets that have a path, by it.

    Args:
        proc: Where procfs is mounted.
        rootfs: Where the host's root is.
    """
    try:
        text = (proc / "net" / "unix").read_text(errors="surrogateescape")
    except OSError:
        return []
    found = dict(read_unix_table(text))
    return [UnixListener(str(rootfs / path[1:]), inode) for path, inode in sorted(found.items())]


def read_unix_table(text: str) -> Iterator[tuple[str, int]]:
    """Yield paths and inodes of what listens in ``/proc/net/unix``; names without a file are passed over."""
    for line in text.splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) < 8 or not fields[7].startswith("/"):
            continue
        with suppress(ValueError):
            flags, kind, inode = int(fields[3], 16), int(fields[4], 16), int(fields[6])
            if flags & _ACCEPTS and kind == _STREAM:
                yield fields[7], inode


def _address(digits: str) -> str:
    """The kernel writes words of 32 bits in its own order of bytes."""
    words = [int(digits[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(digits), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def _preference(listener: Listener) -> tuple[bool, bool]:
    address = ipaddress.ip_address(listener.address)
    return (not (address.is_loopback or address.is_unspecified), address.version != 4)
