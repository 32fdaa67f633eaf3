"""Pools of PHP-FPM are found by their sockets, and their status where their configuration has it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agent.apps.finding import CONFIG, find, only, scrape, value
from tests.agent.apps.hosts import HERE
from tests.agent.apps.status.servers import php_fpm
from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.php_pools import MOST_BYTES, Pool, make_pools, read_settings, running_pools
from vedette_agent.errors import CollectorError

ROOT = Path("/")
CONFIGURATION = """
; Comments are passed over.
[global]
pid = /run/php.pid
daemonize = no

[www]
user = www-data
listen = /run/php/$pool.sock
pm.status_path = /status ; for the load balancer
[shop]
listen = "127.0.0.1:9001"
pm.status_path = '/fpm-status'
pm.status_listen = 9002
[blog]
listen = [::1]:9003
[broken]
listen = nowhere
[empty]
"""


def test_a_configuration() -> None:
    assert make_pools(read_settings(CONFIGURATION), ROOT) == [
        Pool("www", "/run/php/www.sock", "/status"),
        Pool("shop", 9001, "/fpm-status", 9002),
        Pool("blog", 9003),
    ]


def test_paths_are_below_the_root_of_the_host() -> None:
    assert make_pools(read_settings("[a]\nlisten = /a.sock"), Path("/host")) == [Pool("a", "/host/a.sock")]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """The root of a host that runs one master; its procfs is in it."""
    process = tmp_path / "proc" / "17"
    process.mkdir(parents=True)
    (process / "cmdline").write_bytes(b"php-fpm: master process (/opt/php/etc/fpm.conf)\0\0\0")
    (tmp_path / "proc" / "18").mkdir()
    (tmp_path / "proc" / "18" / "cmdline").write_bytes(b"php-fpm: pool www\0\0")
    (tmp_path / "etc" / "pool.d").mkdir(parents=True)
    installed = tmp_path / "opt" / "php" / "etc"
    installed.mkdir(parents=True)
    (installed / "fpm.conf").write_text("[global]\ninclude = /etc/pool.d/*.conf\ninclude = etc/*.d\ninclude =\n")
    (installed / "own.d").write_text("[own]\nlisten = 9003\n")
    (tmp_path / "etc" / "pool.d" / "a.conf").write_text("[a]\nlisten = 9001\n")
    (tmp_path / "etc" / "pool.d" / "b.conf").write_text("[b]\nlisten = 9002\ninclude = /opt/php/etc/own.d\n")
    return tmp_path


def test_the_files_that_a_master_names_and_those_that_they_include(host: Path) -> None:
    assert running_pools(host / "proc", host) == [Pool("a", 9001), Pool("b", 9002), Pool("own", 9003)]


def test_what_any_user_may_have_written_is_not_heeded(host: Path) -> None:
    """Nor what is no file, or has no end."""
    folder = host / "etc" / "pool.d"
    (folder / "a.conf").chmod(0o646)
    os.mkfifo(folder / "c.conf")
    (folder / "d.conf").mkdir()
    (folder / "e.conf").write_text("[e]\nlisten = 9005\n" + ";" * MOST_BYTES + "\n[f]\nlisten = 9006\n")
    assert running_pools(host / "proc", host) == [Pool("b", 9002), Pool("e", 9005), Pool("own", 9003)]


async def test_a_pool_of_php_fpm_that_is_named(tmp_path: Path) -> None:
    with php_fpm(tmp_path) as address:
        target = TargetConfig(f"tcp://{address}", "php-fpm", "php-fpm-status")
        first, second = [value(await scrape(target), "phpfpm_accepted_connections") for _ in range(2)]
        assert second == first + 1
        with pytest.raises(CollectorError, match="/other answers 404"):
            await scrape(TargetConfig(f"tcp://{address}#/other", "php-fpm", "php-fpm-status"))
    with pytest.raises(CollectorError, match="Connection refused"):
        await scrape(target)


async def test_pools_of_a_socket_and_of_a_port(home: Path) -> None:
    """The status path is the configuration's own."""
    (home / "a").mkdir()
    (home / "b").mkdir()
    with php_fpm(home / "a", "pm.status_path = /fpm", at=home / "a.sock") as path, php_fpm(home / "b") as address:
        found = await find()
        assert [only(found[one]) for one in (path, address)] == [
            TargetConfig(f"unix:{path}#/fpm", "php-fpm", "php-fpm-status"),
            TargetConfig(f"tcp://{address}", "php-fpm", "php-fpm-status"),
        ]
        assert [found[one].process.startswith("php-fpm") for one in (path, address)] == [True, True]
        assert value(await scrape(only(found[path])), "phpfpm_up") == 1.0
        assert value(await scrape(only(found[address])), "phpfpm_up") == 1.0


async def test_bans_and_pins(home: Path) -> None:
    with php_fpm(home, at=home / "a.sock") as path:
        assert path not in await find(AppsConfig(timeout=CONFIG.timeout, ban=(path,)))
        assert (await find(AppsConfig(timeout=CONFIG.timeout, ban=("php-fpm",))))[path].problem == "php-fpm is banned"
        pinned = TargetConfig(f"unix:{path}", "shop", "php-fpm-status")
        config = AppsConfig(timeout=CONFIG.timeout, target=(pinned,))
        assert (await find(config))[path].problem == "named in the configuration"


async def test_a_pool_without_a_status_page(home: Path) -> None:
    with php_fpm(home, "pm.max_requests = 7", at=home / "a.sock") as path:
        expected = "pool shop has no status page; pm.status_path = /status would set one"
        assert (await find())[path].problem == expected


async def test_a_pool_whose_status_has_a_socket_of_its_own(home: Path) -> None:
    """That one is asked: it answers when all processes of the pool are busy, too."""
    path, status = home / "a.sock", home / "status.sock"
    settings = ("pm.status_path = /status", f"pm.status_listen = {status}")
    with php_fpm(home, *settings, at=path):
        found = await find()
        assert found[str(path)].problem == f"the status of pool shop is asked for at {status}"
        target = only(found[str(status)])
        assert target == TargetConfig(f"unix:{status}", "php-fpm", "php-fpm-status")
        assert value(await scrape(target), "phpfpm_up") == 1.0


async def test_a_configuration_that_cannot_be_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the usual path is asked, and a refusal says what would help."""
    monkeypatch.setattr("vedette_agent.apps.finder.running_pools", lambda *_: [])
    (home / "b").mkdir()
    with (
        php_fpm(home, at=home / "a.sock") as path,
        php_fpm(home / "b", "pm.status_path = /fpm", at=home / "b.sock") as other,
    ):
        found = await find()
        assert only(found[path]) == TargetConfig(f"unix:{path}", "php-fpm", "php-fpm-status")
        assert found[other].problem == "/status answers 404; pm.status_path of the pool should be /status"


@contextmanager
def without_rights() -> Iterator[None]:
    """As a user who may look into no process but his own."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@needs_root
async def test_an_agent_without_rights_reads_the_status_that_has_a_port(home: Path) -> None:
    """It cannot see whose sockets these are; the configuration, which all may read, says so."""
    path, status = home / "a.sock", HERE.address(9001)
    settings = ("listen.mode = 0600", "pm.status_path = /fpm", f"pm.status_listen = {status}")
    with php_fpm(home, *settings, at=path), without_rights():
        found = await find()
        assert value(await scrape(only(found[status])), "phpfpm_up") == 1.0
    assert only(found[status]) == TargetConfig(f"tcp://{status}#/fpm", "php-fpm", "php-fpm-status")
    assert found[str(path)].problem == f"the status of pool shop is asked for at {status.rpartition(':')[2]}"


@needs_root
async def test_a_socket_that_the_agent_may_not_write_to(home: Path) -> None:
    settings = ("pm.status_path = /status", "listen.mode = 0600")
    with php_fpm(home, *settings, at=home / "a.sock") as path, without_rights():
        found = await find()
    assert found[path].problem == (
        f"{path}: Permission denied; pm.status_listen of the pool lets others ask for its status,"
        " listen.acl_users for all of it"
    )
