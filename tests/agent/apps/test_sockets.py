"""Listening sockets, out of tables as the kernel writes them, and out of this machine's own."""

import os
import socket
from pathlib import Path

import pytest

from vedette_agent.apps.owners import owners
from vedette_agent.apps.sockets import Listener, UnixListener, listeners, read_table, unix_listeners

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = (
    HEAD
    + "   0: 0100007F:2390 00000000:0000 0A 00000000:00000000 00:00000000 00000000   108        0 4711 1 0 100 0\n"
    + "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0\n"
    + "   2: 0100007F:2390 0100007F:C350 01 00000000:00000000 00:00000000 00000000   108        0 99 1 0 100 0 0 10 0\n"
    + "   3: 0500000A:2390 00000000:0000 0A 00000000:00000000 00:00000000 00000000   108        0 13 1 0 100 0 0 10 0\n"
    + "   4: nonsense\n"
)
TCP6 = (
    HEAD
    + "   0: 00000000000000000000000000000000:23F0 00000000000000000000000000000000:0000 0A"
    + " 00000000:00000000 00:00000000 00000000     0        0 21 1 0 100 0 0 10 0\n"
    + "   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A"
    + " 00000000:00000000 00:00000000 00000000     0        0 22 1 0 100 0 0 10 0\n"
)


def test_a_table() -> None:
    assert list(read_table(TCP)) == [
        Listener("127.0.0.1", 9104, 4711),
        Listener("0.0.0.0", 80, 12),
        Listener("10.0.0.5", 9104, 13),
    ]


def test_one_for_each_port(tmp_path: Path) -> None:
    """One that loopback reaches goes before others, IPv4 before IPv6."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(TCP)
    (tmp_path / "net" / "tcp6").write_text(TCP6)
    assert [(one.port, one.reached_at, one.inode) for one in listeners(tmp_path)] == [
        (80, "127.0.0.1", 12),
        (9104, "127.0.0.1", 4711),
        (9200, "::1", 21),
    ]


@pytest.mark.parametrize(
    ("address", "reached_at"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("10.0.0.5", "10.0.0.5"),
        ("fe80::1", "fe80::1"),
    ],
)
def test_where_a_listener_is_reached(address: str, reached_at: str) -> None:
    assert Listener(address, 1, 1).reached_at == reached_at


UNIX = (
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 20 /run/php/php8.2-fpm.sock\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 21 /run/php/php8.2-fpm.sock\n"
    "0000000000000000: 00000002 00000000 00010000 0005 01 22 /run/udev/control\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 23 @abstract\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 24 /srv/a shop.sock\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 25\n"
    "nonsense\n"
)


def test_sockets_of_the_file_system(tmp_path: Path) -> None:
    """Those of streams that listen and have a path, below the host's root."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "unix").write_text(UNIX)
    assert unix_listeners(tmp_path, Path("/host")) == [
        UnixListener("/host/run/php/php8.2-fpm.sock", 20),
        UnixListener("/host/srv/a shop.sock", 24),
    ]


def test_no_procfs(tmp_path: Path) -> None:
    assert listeners(tmp_path) == []
    assert unix_listeners(tmp_path, Path("/")) == []


def test_this_machine() -> None:
    proc = Path("/proc")
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        found = next(one for one in listeners(proc) if one.port == port)
        assert found == Listener("127.0.0.1", port, os.fstat(own.fileno()).st_ino)
        assert owners(proc, Path("/sys"), [found.inode]) == {found.inode: Path("/proc/self/comm").read_text().strip()}
