"""Control groups of listening sockets: the kernel's messages, its folders, and a service as it really is."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vedette_agent.apps.groups import decode_answer, encode_question, group_processes, hierarchy, socket_groups
from vedette_agent.apps.owners import owners

SYS, PROC = Path("/sys"), Path("/proc")
ANSWER = bytes.fromhex(
    "7c0000001400020000000000e64f0000"  # nlmsghdr: 124 bytes, SOCK_DIAG_BY_FAMILY
    "020a000007e8000000000000000000000000000000000000000000000000000000000000"  # inet_diag_msg: one at port 2024,
    "0000000000000000040000000000000000000000000000008000000000000000"
    "30040000"  # of inode 1072
    "050008000000000008000f00000000000c00150001020000000000000600160052000000"  # attributes
)  # fmt: skip
"""As Linux 6 wrote it, with another group."""
DONE = struct.pack("=IHHIIi", 20, 3, 2, 0, 0, 0)
OTHER_KIND = struct.pack("=IHHII", 18, 99, 0, 0, 0) + b"xx\0\0"


def test_the_question() -> None:
    """All sockets of TCP that listen, of a family."""
    asked = encode_question(socket.AF_INET6)
    assert (len(asked), asked[:24].hex()) == (72, "48000000140001030000000000000000" + "0a060000" + "00040000")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ANSWER, ({1072: 0x201}, False)),
        (ANSWER + OTHER_KIND + ANSWER + DONE, ({1072: 0x201}, True)),
        (DONE, ({}, True)),
        (b"", ({}, False)),
        (struct.pack("=IHHIIi", 20, 2, 0, 0, 0, -1), ({}, True)),
        (struct.pack("=IHHII", 3, 20, 0, 0, 0), ({}, True)),
        (ANSWER[:100], ({}, False)),
    ],
    ids=["one", "several", "done", "nothing", "error", "nonsense", "torn"],
)
def test_answers(data: bytes, expected: tuple[dict[int, int], bool]) -> None:
    """Messages of other kinds are passed over; an error ends the answer, as do lengths that make no sense."""
    assert decode_answer(data) == expected


def test_folders(tmp_path: Path) -> None:
    """A group is known by the inode of its folder, however deep; one that is gone is left out."""
    service = tmp_path / "system.slice" / "redis.service"
    service.mkdir(parents=True)
    (service / "cgroup.procs").write_text("12\n345\n")
    assert group_processes(tmp_path, [service.stat().st_ino, 1]) == {service.stat().st_ino: [12, 345]}
    assert group_processes(tmp_path / "away", [1]) == {}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["cgroup.procs"], "fs/cgroup"),
        (["unified/cgroup.procs", "memory/cgroup.procs"], "fs/cgroup/unified"),
        (["cgroup.procs", "tasks"], None),
        ([], None),
    ],
    ids=["version 2", "both", "version 1", "none"],
)
def test_where_they_are(tmp_path: Path, files: list[str], expected: str | None) -> None:
    """Of version 2, or of both: systemd keeps track of services in version 2 then."""
    for name in files:
        file = tmp_path / "fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert hierarchy(tmp_path) == (None if expected is None else tmp_path / expected)


LISTEN = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group of this machine, as a service has."""
    root = hierarchy(SYS)
    folder = (root or SYS) / f"vedette-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield folder
    folder.rmdir()


def test_a_service_of_another_user(group: Path, tmp_path: Path) -> None:
    """What cannot be seen in /proc is told by the control group; of processes of several names none is taken."""
    command = ["/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$0" -c "$1"', sys.executable, LISTEN]
    (tmp_path / "sys").mkdir()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        port = int(service.stdout.readline())
        name = (PROC / str(service.pid) / "comm").read_text().strip()
        (inode,) = (one for one, number in socket_groups().items() if number == group.stat().st_ino)
        assert f":{port:04X}" in (PROC / "net/tcp").read_text()
        blind = _without_descriptors(tmp_path / "proc", [service.pid, os.getpid()])
        assert owners(blind, SYS, [inode]) == {inode: name}
        assert owners(blind, tmp_path / "sys", [inode]) == {}
        sleep = ["/bin/sh", "-c", f"echo $$ > {group}/cgroup.procs && exec sleep 60"]
        with subprocess.Popen(sleep) as other:
            while (PROC / str(other.pid) / "comm").read_text() != "sleep\n":
                pass
            assert owners(_without_descriptors(tmp_path / "both", [service.pid, other.pid]), SYS, [inode]) == {}
            other.kill()
        assert service.stdin is not None
        service.stdin.close()


def _without_descriptors(folder: Path, pids: list[int]) -> Path:
    """A procfs as a process of another user sees it: names, and no descriptors."""
    for pid in pids:
        (folder / str(pid)).mkdir(parents=True)
        for name in ("comm", "cmdline"):
            (folder / str(pid) / name).write_bytes((PROC / str(pid) / name).read_bytes())
    return folder
