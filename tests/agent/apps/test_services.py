"""Debian's Apache, nginx and PHP-FPM, with their exporters and without, found and scraped."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.agent.apps.status.servers import apache, need, nginx, php_fpm, run
from tests.agent.processes import free_address
from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.fetch import make_fetcher
from vedette_agent.apps.finder import Finder, Finding
from vedette_agent.apps.source import AppSource
from vedette_agent.errors import CollectorError
from vedette_shared.clock import SystemClock
from vedette_shared.config import Duration
from vedette_shared.metrics import MetricFamily

CONFIG = AppsConfig(timeout=Duration(20_000))


async def find(config: AppsConfig = CONFIG) -> dict[str, Finding]:
    """What is found on this machine, by address."""
    findings = await Finder(Path("/proc"), 1 << 20, SystemClock()).look(config)
    return {f"{one.listener.address}:{one.listener.port}": one for one in findings}


async def scrape(target: TargetConfig) -> Sequence[MetricFamily]:
    source = AppSource(target, make_fetcher(target, 1 << 20), interval_ms=15_000, timeout=20.0, host="h", labels={})
    return await source.collect()


def value(families: Sequence[MetricFamily], name: str) -> float:
    (sample,) = (one for family in families for one in family.samples if one.name == name)
    return sample.value


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    return one, other


async def test_status_pages_are_read_where_no_exporter_runs(folders: tuple[Path, Path]) -> None:
    with apache(folders[0]) as first, nginx(folders[1]) as second:
        found = await find()
        assert [(found[one].process, found[one].target(), found[one].problem) for one in (first, second)] == [
            ("apache2", TargetConfig(f"http://{first}/server-status?auto", "apache", "apache-status"), ""),
            ("nginx", TargetConfig(f"http://{second}/stub_status", "nginx", "nginx-status"), ""),
        ]
        assert value(await scrape(found[first].target()), "apache_up") == 1.0
        assert value(await scrape(found[second].target()), "nginx_connections_active") == 1.0


async def test_an_exporter_goes_before_a_status_page(folders: tuple[Path, Path]) -> None:
    program, address = need("prometheus-nginx-exporter"), free_address()
    with nginx(folders[0]) as server:
        command = [program, "-nginx.scrape-uri", f"http://{server}/stub_status", "-web.listen-address", address]
        with run(command, folders[1] / "log", address):
            found = await find()
            assert (found[address].process, found[address].target()) == (
                "prometheus-nginx-exporter",
                TargetConfig(f"http://{address}/metrics", "nginx"),
            )
            assert found[server].problem == "an exporter of nginx is scraped"
            assert value(await scrape(found[address].target()), "nginx_up") == 1.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that any user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="vedette-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def own(folder: Path, user: str) -> Path:
    folder.mkdir()
    shutil.chown(folder, user)
    return folder


@contextmanager
def redis(home: Path) -> Iterator[dict[str, str]]:
    """Redis; gives what its exporter needs to know."""
    address = free_address()
    port = address.rpartition(":")[2]
    command = [need("redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", home]
    with run(command, home / "redis.log", address):
        yield {"REDIS_ADDR": f"redis://{address}"}


@contextmanager
def mariadb(home: Path) -> Iterator[dict[str, str]]:
    program, address = need("mariadbd"), free_address()
    data = own(home / "mariadb", "mysql")
    common = ["--no-defaults", f"--datadir={data}"]
    install = [need("mariadb-install-db"), *common, "--user=mysql", "--auth-root-authentication-method=normal"]
    subprocess.run([*install, "--skip-test-db"], check=True, capture_output=True, timeout=120)
    port = address.rpartition(":")[2]
    command = [program, *common, "--user=mysql", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={data}/sock"]
    with run(command, home / "mariadb.log", address):
        yield {"DATA_SOURCE_NAME": f"root@({address})/"}


@contextmanager
def postgres(home: Path) -> Iterator[dict[str, str]]:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip("postgresql is not installed")
    address, data = free_address(), own(home / "postgres", "postgres")
    port = address.rpartition(":")[2]
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    initdb = [*as_postgres, programs / "initdb", "-A", "trust", "-D", data]
    subprocess.run(initdb, check=True, capture_output=True, timeout=120)
    command = [*as_postgres, programs / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", data]
    with run(command, home / "postgres.log", address):
        yield {"DATA_SOURCE_NAME": f"postgresql://postgres@{address}/postgres?sslmode=disable"}


@pytest.mark.skipif(os.geteuid() != 0, reason="the databases run as users of their own")
@pytest.mark.parametrize(
    ("service", "exporter", "job", "up"),
    [
        (redis, "prometheus-redis-exporter", "redis", "redis_up"),
        (mariadb, "prometheus-mysqld-exporter", "mysql", "mysql_up"),
        (postgres, "prometheus-postgres-exporter", "postgres", "pg_up"),
    ],
    ids=["redis", "mariadb", "postgres"],
)
async def test_databases_by_their_exporters(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    service: Callable[[Path], AbstractContextManager[dict[str, str]]],
    exporter: str,
    job: str,
    up: str,
) -> None:
    program, address = need(exporter), free_address()
    with service(home) as environment:
        for name, text in environment.items():
            monkeypatch.setenv(name, text)
        with run([program, f"--web.listen-address={address}"], home / "exporter.log", address):
            found = (await find())[address]
            assert (found.process, found.target(), found.evidence) == (
                exporter,
                TargetConfig(f"http://{address}/metrics", job),
                up,
            )
            assert value(await scrape(found.target()), up) == 1.0


async def test_a_pool_of_php_fpm_that_is_named(tmp_path: Path) -> None:
    with php_fpm(tmp_path) as address:
        target = TargetConfig(f"tcp://{address}", "php-fpm", "php-fpm-status")
        first, second = [value(await scrape(target), "phpfpm_accepted_connections") for _ in range(2)]
        assert second == first + 1
        with pytest.raises(CollectorError, match="/other answers 404"):
            await scrape(TargetConfig(f"tcp://{address}#/other", "php-fpm", "php-fpm-status"))
    with pytest.raises(CollectorError, match="Connection refused"):
        await scrape(target)
