"""Debian's Apache, nginx and PHP-FPM, with their exporters and without, found and scraped."""

from collections.abc import Sequence
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


async def test_a_pool_of_php_fpm_that_is_named(tmp_path: Path) -> None:
    with php_fpm(tmp_path) as address:
        target = TargetConfig(f"tcp://{address}", "php-fpm", "php-fpm-status")
        first, second = [value(await scrape(target), "phpfpm_accepted_connections") for _ in range(2)]
        assert second == first + 1
        with pytest.raises(CollectorError, match="/other answers 404"):
            await scrape(TargetConfig(f"tcp://{address}#/other", "php-fpm", "php-fpm-status"))
    with pytest.raises(CollectorError, match="Connection refused"):
        await scrape(target)
