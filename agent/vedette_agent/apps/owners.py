"""Whose sockets are: out of ``/proc``, as proc(5) describes it, and out of control groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from vedette_agent.apps.groups import group_processes, hierarchy, socket_groups

_LONGEST_NAME = 15
_SOCKET = re.compile(r"socket:\[(\d+)\]")


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
