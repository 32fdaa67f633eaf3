"""Helpers: Debian's databases and RabbitMQ, each run in a folder of its own on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agent.apps.hosts import HERE, Host, need

INSTALL_S = 120
RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"


def _own(folder: Path, user: str) -> Path:
    folder.mkdir()
    shutil.chown(folder, user)
    return folder


def _as_user(user: str) -> list[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def _port(address: str) -> str:
    return address.rpartition(":")[2]


@contextmanager
def redis(home: Path, host: Host = HERE) -> Iterator[dict[str, str]]:
    """Run Redis; gives what its exporter needs to know, as the others do."""
    program, address = need("redis-server"), host.address(6379)
    command = [program, "--port", _port(address), "--bind", "127.0.0.1", "--save", "", "--dir", home]
    with host.run(command, home / "redis.log", address):
        yield {"REDIS_ADDR": f"redis://{address}"}


@contextmanager
def mariadb(home: Path, host: Host = HERE) -> Iterator[dict[str, str]]:
    """Run MariaDB."""
    program, address = need("mariadbd"), host.address(3306)
    data = _own(home / "mariadb", "mysql")
    common = ["--no-defaults", f"--datadir={data}"]
    install = [need("mariadb-install-db"), *common, "--user=mysql", "--auth-root-authentication-method=normal"]
    subprocess.run([*install, "--skip-test-db"], check=True, capture_output=True, timeout=INSTALL_S)
    own = ["--user=mysql", f"--port={_port(address)}", "--bind-address=127.0.0.1", f"--socket={data}/sock"]
    with host.run([program, *common, *own], home / "mariadb.log", address):
        yield {"DATA_SOURCE_NAME": f"root@({address})/"}


@contextmanager
def postgres(home: Path, host: Host = HERE) -> Iterator[dict[str, str]]:
    """Run PostgreSQL."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip("postgresql is not installed")
    address, data = host.address(5432), _own(home / "postgres", "postgres")
    initdb = [*_as_user("postgres"), programs / "initdb", "--no-sync", "-A", "trust", "-D", data]
    subprocess.run(initdb, check=True, capture_output=True, timeout=INSTALL_S)
    command = [programs / "postgres", "-D", data, "-p", _port(address), "-h", "127.0.0.1", "-k", data]
    with host.run([*_as_user("postgres"), *command], home / "postgres.log", address):
        yield {"DATA_SOURCE_NAME": f"postgresql://postgres@{address}/postgres?sslmode=disable"}


@contextmanager
def rabbitmq(home: Path, host: Host = HERE) -> Iterator[str]:
    """Run RabbitMQ with its own page of metrics, and the epmd that its node asks for; gives the page's address."""
    program, daemon = need(RABBITMQ), need("epmd")
    data, metrics, epmd = _own(home / "rabbitmq", "rabbitmq"), host.address(15692), host.address(4369)
    environment = _environment_of_rabbitmq(data, metrics, epmd, host)
    command = [*_as_user("rabbitmq"), "env", *(f"{name}={value}" for name, value in environment.items())]
    with (
        # Ours, as one that the node starts outlives it.
        host.run([*command, daemon, "-port", _port(epmd), "-address", "127.0.0.1"], home / "epmd.log", epmd),
        host.run([*command, program], home / "rabbitmq.log", metrics),
    ):
        yield metrics


def _environment_of_rabbitmq(data: Path, metrics: str, epmd: str, host: Host) -> Mapping[str, str]:
    (data / "plugins").write_text("[rabbitmq_prometheus].\n")
    (data / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = {host.address(5672)}\n"
        "prometheus.tcp.ip = 127.0.0.1\n"
        f"prometheus.tcp.port = {_port(metrics)}\n"
    )
    return {
        "HOME": str(data),  # where Erlang keeps its cookie
        "PATH": os.environ["PATH"],
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": _port(epmd),
        "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_DIST_PORT": _port(host.address(25672)),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "plugins"),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
        "RABBITMQ_NODENAME": "vedette@localhost",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RUNNING_UNDER_SYSTEMD": "true",  # its script becomes the node instead of waiting beside it
    }
