"""What the deployed agent reaches from its sandbox: applications and their owners, traps, the host's own BMC."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.deploy.deployment import events, eventually, journal, query, reason_to_skip
from tests.deploy.lab import Host, Lab

pytestmark = [pytest.mark.slow, pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip()))]

NGINX = "server { listen 127.0.0.1:8080; location = /stub_status { stub_status; } }\n"
EXPORTER = 'ARGS="-web.listen-address 127.0.0.1:19121"\n'
LINK_DOWN = ["1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.7", "i", "7"]


@pytest.fixture(scope="module")
def host(lab: Lab) -> Host:
    """h2 with Debian's nginx, PHP-FPM and Redis, whose exporter listens where no exporter usually does."""
    host = lab.hosts["h2"]
    (host.root / "etc/nginx/sites-enabled/default").unlink()
    (host.root / "etc/nginx/conf.d/status.conf").write_text(NGINX)
    (host.root / "etc/default/prometheus-redis-exporter").write_text(EXPORTER)
    host.run(["sed", "-i", "s/^;pm.status_path/pm.status_path/", "/etc/php/8.2/fpm/pool.d/www.conf"])
    host.run(["systemctl", "start", "redis-server", "prometheus-redis-exporter", "nginx", "php8.2-fpm"])
    return host


@pytest.mark.parametrize(
    "expression",
    [
        'redis_up{job="redis"} == 1',
        'nginx_connections_active{job="nginx"} > 0',
        'phpfpm_up{job="php-fpm"} == 1',
        'up{job=~"redis|nginx|php-fpm"} == 1 and on (host) count by (host) (up{job=~"redis|nginx|php-fpm"}) == 3',
    ],
)
def test_applications_are_found_and_scraped(lab: Lab, host: Host, expression: str) -> None:
    """By the running service: the exporter by its owner's name, nginx by its status page, a pool by its socket, which
    is for a group of the service's."""
    found = f"max by (host) ({expression})"
    eventually(expression, lambda: query(lab, found), lambda seen: set(seen) == {host.name})


@pytest.mark.parametrize("account", ["root", "vedette-agent"])
def test_discover(host: Host, account: str) -> None:
    """The command names what the service has found, and whose it is, also for the service's own account."""
    command = ["runuser", "-u", account, "--", "vedette", "agent", "discover", "--json"]
    found: list[dict[str, Any]] = json.loads(host.run([*command, "--config", "/etc/vedette/agent.toml"]))
    told = ("address", "port", "process", "job", "url", "scraped", "problem")
    assert [tuple(one[name] for name in told) for one in found if one["port"] is not None] == [
        ("127.0.0.1", 8080, "nginx", "nginx", "http://127.0.0.1:8080/stub_status", True, ""),
        ("127.0.0.1", 19121, "prometheus-redis-exporter", "redis", "http://127.0.0.1:19121/metrics", True, ""),
    ]


def test_a_trap_becomes_an_event_of_the_fleet(lab: Lab, host: Host) -> None:
    """Taken at port 162 by the drop-in, pushed with the agent's frames, told by the server; once."""
    lab.hosts["h1"].run(["snmptrap", "-v", "2c", "-c", "public", host.address, "", *LINK_DOWN])
    eventually("the trap", lambda: events(lab, "--source", "snmp"), bool)
    (event,) = events(lab, "--source", "snmp")
    told = {name: event[name] for name in ("host", "agent", "severity", "text")}
    assert told == {"host": "10.77.0.11", "agent": "h2", "severity": "warning", "text": "linkDown: ifIndex 7"}


def test_the_own_bmc_is_asked_as_root(lab: Lab) -> None:
    """FreeIPMI's tools do not refuse the agent that the drop-in has made root: they look for the device, which the lab
    has not."""

    def problems() -> set[str]:
        command = ["vedette", "agent", "sources", "--json", "--config", "/etc/vedette/agent.toml"]
        sources = json.loads(lab.hosts["h1"].run(command))
        return {text for source in sources for name, text in source["problems"].items() if name == "chassis"}

    eventually("a reading of the BMC", problems, bool)
    assert problems() == {"/usr/sbin/ipmi-chassis failed: /usr/sbin/ipmi-chassis: device not found"}


def test_nothing_was_refused(lab: Lab) -> None:
    """No collector failed, and the sandbox killed nobody."""
    for name in ("h1", "h2"):
        log = journal(lab.hosts[name], "vedette-agent")
        assert "collector failed" not in log, log
        assert "code=killed" not in log, log
