"""Debian's servers and databases, by their own pages or their exporters, found and scraped."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trio

from tests.agent.apps.finding import find, only, scrape, value
from tests.agent.apps.hosts import HERE, Host, need, own_network
from tests.agent.apps.services import mariadb, postgres, rabbitmq, redis
from tests.agent.apps.status.servers import apache, nginx
from vedette_agent.apps.config import TargetConfig
from vedette_shared.exposition import parse_text


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    return one, other


async def test_status_pages_are_read_where_no_exporter_runs(folders: tuple[Path, Path]) -> None:
    with apache(folders[0]) as first, nginx(folders[1]) as second:
        found = await find()
        assert [(found[one].process, only(found[one]), found[one].problem) for one in (first, second)] == [
            ("apache2", TargetConfig(f"http://{first}/server-status?auto", "apache", "apache-status"), ""),
            ("nginx", TargetConfig(f"http://{second}/stub_status", "nginx", "nginx-status"), ""),
        ]
        assert value(await scrape(only(found[first])), "apache_up") == 1.0
        assert value(await scrape(only(found[second])), "nginx_connections_active") == 1.0


async def test_an_exporter_goes_before_a_status_page(folders: tuple[Path, Path]) -> None:
    program, address = need("prometheus-nginx-exporter"), HERE.address(9100)
    with nginx(folders[0]) as server:
        command = [program, "-nginx.scrape-uri", f"http://{server}/stub_status", "-web.listen-address", address]
        with HERE.run(command, folders[1] / "log", address):
            found = await find()
            assert (found[address].process, only(found[address])) == (
                "prometheus-nginx-exporter",
                TargetConfig(f"http://{address}/metrics", "nginx"),
            )
            assert found[server].problem == "an exporter of nginx is scraped"
            assert value(await scrape(only(found[address])), "nginx_up") == 1.0


EXPORTERS = {
    "mysql": (mariadb, "prometheus-mysqld-exporter", 9104, "mysql_up"),
    "redis": (redis, "prometheus-redis-exporter", 9121, "redis_up"),
    "postgres": (postgres, "prometheus-postgres-exporter", 9187, "pg_up"),
}
"""By job: the database, what exports it and where, and what is its evidence."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the services run as users of their own")


@contextmanager
def exported(job: str, home: Path, host: Host = HERE) -> Iterator[str]:
    """Run a database with its exporter; gives the exporter's address."""
    database, exporter, usual_port, _ = EXPORTERS[job]
    program, address = need(exporter), host.address(usual_port)
    with database(home, host) as environment:
        settings = [f"{name}={value}" for name, value in environment.items()]
        command = ["env", *settings, program, f"--web.listen-address={address}"]
        with host.run(command, home / f"{exporter}.log", address):
            yield address


@needs_root
@pytest.mark.parametrize("job", EXPORTERS)
async def test_databases_by_their_exporters(home: Path, job: str) -> None:
    _, exporter, _, evidence = EXPORTERS[job]
    with exported(job, home) as address:
        found = (await find())[address]
        assert (found.process, only(found), found.evidence) == (
            exporter,
            TargetConfig(f"http://{address}/metrics", job),
            evidence,
        )
        assert value(await scrape(only(found)), evidence) == 1.0


UP = {
    "apache_up": "apache",
    "mysql_up": "mysql",
    "nginx_up": "nginx",
    "pg_up": "postgres",
    "rabbitmq_identity_info": "rabbitmq",
    "redis_up": "redis",
}
"""What says 1 on a page of the six, and under which job."""


async def vedette_agent(host: Host, *arguments: str | Path) -> str:
    """What the command prints when it runs there."""
    command = [*host.enter, sys.executable, "-m", "vedette_shared.command", "agent", *arguments]
    return (await trio.run_process(command, capture_stdout=True)).stdout.decode()


@needs_root
async def test_all_six_at_their_usual_ports(home: Path, tmp_path: Path, folders: tuple[Path, Path]) -> None:
    """RabbitMQ, MariaDB, PostgreSQL, Redis, Apache and nginx on one host: each is found, and scraped under its job."""
    config = tmp_path / "agent.toml"
    config.write_text(f'host = "h"\ndata = "{tmp_path}"\n[apps]\ntimeout = "20s"\n')
    with ExitStack() as stack:
        host = stack.enter_context(own_network())
        stack.enter_context(rabbitmq(home, host))
        stack.enter_context(apache(folders[0], host=host))
        stack.enter_context(nginx(folders[1], host))
        for job in EXPORTERS:
            stack.enter_context(exported(job, home, host))
        found = json.loads(await vedette_agent(host, "discover", "--json", "--config", config))
        page = parse_text((await vedette_agent(host, "--once", "--config", config)).encode())
    assert [tuple(one[key] for key in ("urls", "process", "job", "evidence", "problem")) for one in found] == [
        (["http://127.0.0.1:80/stub_status"], "nginx", "nginx", "its status page, with 8 families", ""),
        (["http://127.0.0.1:8080/server-status?auto"], "apache2", "apache", "its status page, with 15 families", ""),
        (["http://127.0.0.1:9104/metrics"], "prometheus-mysqld-exporter", "mysql", "mysql_up", ""),
        (["http://127.0.0.1:9121/metrics"], "prometheus-redis-exporter", "redis", "redis_up", ""),
        (["http://127.0.0.1:9187/metrics"], "prometheus-postgres-exporter", "postgres", "pg_up", ""),
        (["http://127.0.0.1:15692/metrics"], "beam.smp", "rabbitmq", "rabbitmq_identity_info", ""),
    ]
    shown = {
        one.name: (dict(one.labels)["job"], one.value) for family in page for one in family.samples if one.name in UP
    }
    assert shown == {name: (job, 1.0) for name, job in UP.items()}
