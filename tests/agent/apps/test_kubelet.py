"""A kubelet is found behind TLS: with a token where it wants one, and told how to be let in where there is none."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from tests.agent.apps.finding import CONFIG, scrape, value
from tests.agent.apps.servers import pages, serving
from tests.agent.redfish.running import make_certificate
from vedette_agent.agent import Agent
from vedette_agent.applications import Applications
from vedette_agent.apps import finder as finder_module
from vedette_agent.apps.config import AppsConfig, KubeletConfig, TargetConfig
from vedette_agent.apps.discover_command import print_applications
from vedette_agent.apps.finder import Finder
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.sockets import Listener
from vedette_agent.collectors.interface import Roots
from vedette_agent.config import AgentConfig, load_agent_config
from vedette_agent.config_parts import ExposeConfig
from vedette_shared.clock import ManualClock, SystemClock
from vedette_shared.http import Request, Response

FIXTURES = Path(__file__).parent / "fixtures"
PAGES = {
    "/metrics": Response(200, (FIXTURES / "kubelet-1.26.prom").read_bytes()),
    "/metrics/cadvisor": Response(200, (FIXTURES / "kubelet-cadvisor-1.26.prom").read_bytes()),
}


@dataclass
class Kubelet:
    """One that runs, and what it was shown."""

    port: int
    certificate: Path
    token_file: Path
    shown: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def access(self, **changes: Any) -> AppsConfig:
        """A configuration that lets the agent in, with some keys changed."""
        let_in = KubeletConfig(self.token_file, ca_file=self.certificate)
        return msgspec.structs.replace(CONFIG, kubelet=msgspec.structs.replace(let_in, **changes))


@asynccontextmanager
async def kubelet(folder: Path, monkeypatch: pytest.MonkeyPatch, *, wants: str = "Bearer t") -> AsyncIterator[Kubelet]:
    certificate, token_file = make_certificate(folder), folder / "token"
    token_file.write_text("t\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    shown = list[str]()

    async def answer(request: Request) -> Response:
        shown.append(request.header("authorization"))
        if wants and shown[-1] != wants:
            return Response(401, b"Unauthorized")
        return PAGES.get(request.path, Response(404))

    async with serving(answer, context) as port:
        listens_alone(monkeypatch, port)
        yield Kubelet(port, certificate, token_file, shown)


def listens_alone(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """As if a process called kubelet listened there, and nobody else on this host."""
    monkeypatch.setattr(finder_module, "listeners", lambda _: [Listener("127.0.0.1", port, 1)])
    monkeypatch.setattr(finder_module, "unix_listeners", lambda *_: [])
    monkeypatch.setattr(finder_module, "owners", lambda *_: {1: "kubelet"})


async def find(config: AppsConfig, finder: Finder | None = None) -> Finding:
    (finding,) = await (finder or make_finder()).look(config)
    return finding


def make_finder() -> Finder:
    return Finder(Roots(), 1 << 20, ManualClock(0))


async def test_with_a_token_and_the_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own page and that of its containers, each under a job of its own."""
    async with kubelet(tmp_path, monkeypatch) as running:
        found = await find(running.access())
        keys: dict[str, Any] = {"bearer_token_file": running.token_file, "ca_file": running.certificate}
        assert (found.evidence, found.problem, found.targets) == (
            "kubelet_node_name",
            "",
            (
                TargetConfig(f"{running.url}/metrics", "kubelet", **keys),
                TargetConfig(f"{running.url}/metrics/cadvisor", "cadvisor", **keys),
            ),
        )
        kubelet_page, cadvisor_page = [await scrape(target) for target in found.targets]
        assert value(kubelet_page, "kubelet_node_name") == 1.0
        assert value(cadvisor_page, "cadvisor_version_info") == 1.0


async def test_without_a_token_it_is_told_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what ``vedette agent discover`` prints; what it says to write is sound."""
    async with kubelet(tmp_path, monkeypatch) as running:
        printed = (await print_applications(AgentConfig(apps=CONFIG), as_json=False)).decode()
    socket = f"127.0.0.1:{running.port}"
    problem = "speaks TLS: /metrics answers 401: it wants credentials; [apps.kubelet] lets the agent in"
    head, *rest = printed.partition("[apps.kubelet]\n")[0].splitlines()
    assert head.split() == ["socket", "process", "job", "recognised", "by", "scraped"]
    assert rest[0].split(maxsplit=4) == [socket, "kubelet", "-", "-", problem]
    told = printed.partition(f"# in agent.toml, this would let the agent in at {socket}:\n")[2]
    assert load(tmp_path, told).kubelet == KubeletConfig(
        Path("/etc/vedette/kubelet.token"), Path("/var/lib/kubelet/pki/kubelet.crt"), server_name="NODE"
    )


async def test_the_log_says_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is asked again."""
    config = AgentConfig(apps=CONFIG, data=tmp_path, expose=ExposeConfig(enabled=False))
    async with kubelet(tmp_path, monkeypatch) as running:
        applications = Applications(Agent(config, SystemClock()), config, make_finder())
        async with trio.open_nursery() as nursery:
            await nursery.start(applications.agent.run, trio.Event())
            for _ in range(3):
                await applications.reload(config)
            nursery.cancel_scope.cancel()
    assert len(running.shown) == 3
    (record,) = [one for one in caplog.records if one.message == "application not scraped"]
    assert record.levelname == "WARNING"


async def test_what_was_found_is_pinned_by_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the secrets' files and all."""
    async with kubelet(tmp_path, monkeypatch) as running:
        found = await find(running.access())
        printed = (await print_applications(AgentConfig(apps=running.access()), as_json=False)).decode()
    told = printed.partition("# in agent.toml, these would pin what was found:\n")[2]
    assert load(tmp_path, told).target == found.targets


def load(folder: Path, text: str) -> AppsConfig:
    file = folder / "agent.toml"
    file.write_text(text)
    return load_agent_config(file).apps


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"server_name": "node2"}, "Hostname mismatch, certificate is not valid for 'node2'"),
        ({"ca_file": Path("/etc/ssl/certs/ca-certificates.crt")}, "self-signed certificate"),
        ({"ca_file": Path("/away.pem")}, "with [apps.kubelet]: /away.pem: no certificates can be read from it"),
        ({"bearer_token_file": Path("/away")}, "with [apps.kubelet]: /away: cannot be read"),
    ],
    ids=["name", "authority", "no authority", "no token"],
)
async def test_nobody_else_is_shown_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], problem: str
) -> None:
    async with kubelet(tmp_path, monkeypatch) as running:
        found = await find(running.access(**change))
    assert problem in found.problem
    assert (found.targets, running.shown) == ((), [])


async def test_any_certificate_will_do_if_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with kubelet(tmp_path, monkeypatch) as running:
        found = await find(running.access(ca_file=None, tls_insecure=True))
        keys: dict[str, Any] = {"bearer_token_file": running.token_file, "tls_insecure": True}
        assert found.targets[0] == TargetConfig(f"{running.url}/metrics", "kubelet", **keys)


async def test_another_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not let in is said to be so; a configuration with another one is tried at once."""
    async with kubelet(tmp_path, monkeypatch) as running:
        (tmp_path / "other").write_text("other\n")
        finder = make_finder()
        other = await find(running.access(bearer_token_file=tmp_path / "other"), finder)
        assert other.problem == "with [apps.kubelet]: /metrics answers 401: it wants credentials"
        assert (await find(running.access(), finder)).problem == ""
        assert (await find(CONFIG, finder)).targets == ()


async def test_one_that_wants_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with kubelet(tmp_path, monkeypatch, wants="") as running:
        assert [target.url for target in (await find(CONFIG)).targets] == [
            f"{running.url}/metrics",
            f"{running.url}/metrics/cadvisor",
        ]


@pytest.mark.parametrize(
    ("ban", "named", "jobs", "problem"),
    [
        ((), (), ["kubelet", "cadvisor"], ""),
        (("cadvisor",), (), ["kubelet"], ""),
        ((), ("/metrics",), ["cadvisor"], ""),
        (("kubelet", "cadvisor"), (), ["kubelet", "cadvisor"], "kubelet is banned"),
        (("cadvisor",), ("/metrics",), ["kubelet", "cadvisor"], "named in the configuration"),
    ],
)
async def test_the_port_without_tls(
    monkeypatch: pytest.MonkeyPatch, ban: tuple[str, ...], named: tuple[str, ...], jobs: list[str], problem: str
) -> None:
    """Each of the two pages is banned and named for itself."""
    async with pages(PAGES) as port:
        listens_alone(monkeypatch, port)
        targets = tuple(TargetConfig(f"http://127.0.0.1:{port}{path}", "mine") for path in named)
        found = await find(msgspec.structs.replace(CONFIG, ban=ban, target=targets))
    assert ([target.job for target in found.targets], found.problem) == (jobs, problem)
