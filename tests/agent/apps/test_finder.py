"""Applications are found by what listens and what its page says, each asked once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.agent.apps.servers import pages, raw
from vedette_agent.agent import Agent
from vedette_agent.applications import Applications
from vedette_agent.apps import finder as finder_module
from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.finder import ASK_AGAIN_S, Finder
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.follow import with_findings
from vedette_agent.apps.known import APPLICATIONS, Application, candidates, recognise
from vedette_agent.apps.sockets import Listener, Place
from vedette_agent.collectors.interface import Roots
from vedette_agent.config import AgentConfig
from vedette_agent.config_parts import ExposeConfig
from vedette_shared.clock import ManualClock, SystemClock
from vedette_shared.config import Duration
from vedette_shared.http import Response

UNKNOWN = "/metrics is a page of metrics, of none that is known; name it in [[apps.target]] to have it"
CONFIG = AppsConfig(timeout=Duration(500))
BY_JOB = {one.job: one for one in APPLICATIONS}


@pytest.mark.parametrize(
    ("names", "job", "evidence"),
    [
        (["go_goroutines", "mysql_up"], "mysql", "mysql_up"),
        (["pg_up", "pg_stat_activity_count"], "postgres", "pg_up"),
        (["rabbitmq_identity_info", "erlang_vm_memory_bytes_total"], "rabbitmq", "rabbitmq_identity_info"),
        (["elasticsearch_cluster_health_status"], "elasticsearch", "elasticsearch_cluster_health_status"),
        (["haproxy_process_nbthread"], "haproxy", "haproxy_process_nbthread"),
        (["ceph_health_status", "ceph_osd_up"], "ceph", "ceph_health_status"),
        (["engine_daemon_engine_info"], "docker", "engine_daemon_engine_info"),
        (["kubelet_running_pods"], "kubelet", "kubelet_running_pods"),
        (["traefik_config_reloads_total"], "traefik", "traefik_config_reloads_total"),
        (["github_repo_stars"], "github", "github_repo_stars"),
    ],
)
def test_an_application_is_recognised_by_metrics_that_only_it_has(names: list[str], job: str, evidence: str) -> None:
    assert recognise(names) == (BY_JOB[job], evidence)


@pytest.mark.parametrize("names", [[], ["go_goroutines", "process_cpu_seconds_total"], ["up"], ["xmysql_up"]])
def test_other_pages_are_not(names: list[str]) -> None:
    assert recognise(names) is None


@pytest.mark.parametrize(
    ("place", "process", "jobs"),
    [
        (9104, "", ["mysql"]),
        (9104, "mysqld_exporter", ["mysql", ""]),
        (8080, "traefik", ["traefik"]),
        (80, "", ["apache", "nginx"]),
        (80, "nginx", ["nginx"]),
        (8443, "apache2", ["apache"]),
        (5432, "postgres", []),
        (22, "", []),
        (12345, "my_exporter", [""]),
        (9000, "", ["php-fpm"]),
        (9000, "minio", []),
        (9001, "php-fpm8.2", ["php-fpm"]),
        ("/run/php/php8.2-fpm.sock", "", ["php-fpm"]),
        ("/run/php/php8.2-fpm.sock", "nginx", []),
        ("/srv/shop.sock", "php-fpm", ["php-fpm"]),
        ("/run/dbus/system_bus_socket", "", []),
    ],
)
def test_who_may_listen_there(place: Place, process: str, jobs: list[str]) -> None:
    assert [one.job for one in candidates(place, process)] == jobs


def only(monkeypatch: pytest.MonkeyPatch, *listening: Listener) -> None:
    """As if nothing else listened on this host."""
    monkeypatch.setattr(finder_module, "listeners", lambda _: list(listening))
    monkeypatch.setattr(finder_module, "unix_listeners", lambda *_: [])


@asynccontextmanager
async def host(
    monkeypatch: pytest.MonkeyPatch, bodies: Sequence[dict[str, Response]], asked: list[str]
) -> AsyncIterator[list[int]]:
    """Servers of this host, as if nothing else listened; any of them may be any application."""
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(pages(body, asked)) for body in bodies]
        listening = [Listener("127.0.0.1", port, inode) for inode, port in enumerate(ports)]
        only(monkeypatch, *listening)
        monkeypatch.setattr(finder_module, "owners", lambda _, __, inodes: dict.fromkeys(inodes, "an_exporter"))
        yield ports


def make_finder(clock: ManualClock) -> Finder:
    return Finder(Roots(), 1 << 20, clock)


def said(findings: Sequence[Finding]) -> dict[int, tuple[str, str, str]]:
    return {
        one.listener.port: (one.application.job if one.application else "", one.evidence, one.problem)
        for one in findings
    }


async def test_each_listener_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was not recognised is asked again after a while: it may have been starting."""
    clock, asked = ManualClock(0), list[str]()
    bodies = [{"/metrics": Response(200, b"redis_up 1\n")}, {"/metrics": Response(200, b"strange 1\n")}]
    async with host(monkeypatch, bodies, asked) as (redis, strange):
        finder = make_finder(clock)
        expected = {
            redis: ("redis", "redis_up", ""),
            strange: (
                "",
                "",
                "/metrics is a page of metrics, of none that is known; name it in [[apps.target]] to have it",
            ),
        }
        assert said(await finder.look(CONFIG)) == expected
        assert said(await finder.look(CONFIG)) == expected
        assert asked == ["/metrics"] * 2
        clock.advance(int(ASK_AGAIN_S * 1000))
        assert said(await finder.look(CONFIG)) == expected
        assert asked == ["/metrics"] * 3
        only(monkeypatch, Listener("127.0.0.1", redis, 99))
        assert said(await finder.look(CONFIG)) == {redis: expected[redis]}
        assert asked == ["/metrics"] * 4


async def test_bans_and_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"/metrics": Response(200, b"redis_up 1\n")}
    async with host(monkeypatch, [body], []) as (port,):
        url = f"http://127.0.0.1:{port}/metrics"
        finder = make_finder(ManualClock(0))
        assert said(await finder.look(AppsConfig(ban=("redis",))))[port][2] == "redis is banned"
        pinned = AppsConfig(target=(TargetConfig(url, "cache"),))
        assert said(await finder.look(pinned))[port][2] == "named in the configuration"
        assert said(await make_finder(ManualClock(0)).look(AppsConfig(ban=(port,)))) == {}


async def test_what_was_found_is_as_if_it_were_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with host(monkeypatch, [{"/metrics": Response(200, b"pg_up 1\n")}], []) as (port,):
        config = AgentConfig(apps=CONFIG)
        found = with_findings(config, await make_finder(ManualClock(0)).look(CONFIG))
    assert found.apps.target == (TargetConfig(f"http://127.0.0.1:{port}/metrics", "postgres"),)


async def test_bans_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload's ban is heeded at once, and so is its end."""
    body = {"/metrics": Response(200, b"redis_up 1\n")}
    async with host(monkeypatch, [body], []) as (port,):
        finder = make_finder(ManualClock(0))
        banned, found = AppsConfig(ban=(port,)), {port: ("redis", "redis_up", "")}
        looks = [said(await finder.look(config)) for config in (banned, CONFIG, banned, CONFIG)]
    assert looks == [{}, found, {}, found]


async def test_a_reload_asks_again_what_was_not_recognised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One who has made a page known need not wait; what was recognised is not asked again."""
    asked, strange = list[str](), {"/metrics": Response(404)}
    async with host(monkeypatch, [{"/metrics": Response(200, b"redis_up 1\n")}, strange], asked) as (redis, other):
        config = AgentConfig(apps=CONFIG, data=tmp_path, expose=ExposeConfig(enabled=False))
        finder = make_finder(ManualClock(0))
        urls = list[set[str]]()
        async with trio.open_nursery() as nursery:
            applications = Applications(Agent(config, SystemClock()), config, finder)
            await nursery.start(applications.agent.run, trio.Event())
            await applications.reload(config)
            urls.append({one.url for one in applications.agent.config.apps.target})
            strange["/metrics"] = Response(200, b"pg_up 1\n")
            await finder.look(CONFIG)
            await applications.reload(config)
            urls.append({one.url for one in applications.agent.config.apps.target})
            nursery.cancel_scope.cancel()
    first, second = (f"http://127.0.0.1:{port}/metrics" for port in (redis, other))
    assert urls == [{first}, {first, second}]


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "does not answer as HTTP has it: not an HTTP response"),
        ((), "no answer within 0.5 s"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"a"), "does not answer as HTTP has it"),
    ],
)
async def test_what_does_not_answer(monkeypatch: pytest.MonkeyPatch, chunks: tuple[bytes, ...], problem: str) -> None:
    async with raw(*chunks, endless=not chunks, pause=0.01) as port:
        only(monkeypatch, Listener("127.0.0.1", port, 1))
        monkeypatch.setattr(finder_module, "owners", lambda *_: {1: "an_exporter"})
        (finding,) = await make_finder(ManualClock(0)).look(CONFIG)
    assert finding.problem.startswith(problem)


def test_applications_are_unlike() -> None:
    """No two share what shows them."""
    every = [evidence for one in APPLICATIONS for evidence in one.evidence]
    assert len(set(every)) == len(every)
    assert all(isinstance(one, Application) and one.ports for one in APPLICATIONS)
