"""What one configuration makes: everything that runs, by name. Made whole before anything of it starts."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from vedette_agent.config import AgentConfig
from vedette_agent.expose.access import guard, make_tls
from vedette_agent.push.shell import PushShell
from vedette_agent.pushing import check_server, make_shell, shell_spec
from vedette_agent.resources import NOTHING, Resources, acquire, release
from vedette_agent.self_metrics import SELF, SelfSource
from vedette_agent.sources.framing import Framing, source_target
from vedette_agent.sources.interface import Collection
from vedette_agent.sources.make import SourcePlan, plan_sources
from vedette_agent.sources.runner import SourceRunner
from vedette_agent.sources.schedule import phase_of
from vedette_shared.clock import Clock
from vedette_shared.http import Handler, Request, Response
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

PAGE = "page"


@dataclass(frozen=True, slots=True)
class Links:
    """Where the parts of a setup turn to: those who take collections, tell of the agent itself, and answer requests.

    ``settle`` returns when the events that were published outlive a power cut, or cannot be made to.
    """

    publish: Callable[[str, Collection], None]
    settle: Callable[[], Awaitable[None]]
    own_families: Callable[[], list[MetricFamily]]
    answer: Handler


@dataclass(frozen=True, slots=True)
class Setup:
    """A configuration and what was made of it.

    Attributes:
        specs: For each task by its name, what decides whether a task of another setup is the same.
        framings: By the names of the runners.
    """

    config: AgentConfig
    resources: Resources = NOTHING
    runners: Mapping[str, SourceRunner] = field(default_factory=dict)
    framings: Mapping[str, Framing] = field(default_factory=dict)
    shells: Mapping[str, PushShell] = field(default_factory=dict)
    handler: Handler | None = None
    tls: ssl.SSLContext | None = None
    specs: Mapping[str, object] = field(default_factory=dict)

    def same_tasks(self, after: Setup) -> set[str]:
        """The names of the tasks that are the same in ``after``."""
        return {name for name, spec in after.specs.items() if name in self.specs and self.specs[name] == spec}


def prepare(config: AgentConfig, clock: Clock, before: Setup, links: Links) -> Setup:
    """Return the setup of ``config``, with those parts of ``before`` that are still the same; ``before`` runs on.

    Raises:
        VedetteError: something that the configuration wants cannot be had.
    """
    resources = acquire(config, clock, before.resources, before.config)
    try:
        runners, specs = _runners(config, clock, before, links)
        shells = _shells(config, clock, before, resources, specs)
        handler, tls = guard(config.expose, links.answer), make_tls(config.expose)
        if resources.listener is not None:
            # With a certificate or a password, which may be new under the old name, the page starts anew.
            secret = (tls, handler if config.expose.basic_auth is not None else None)
            specs[PAGE] = (config.expose, id(resources.listener), secret)
    except BaseException:
        release(resources, before.resources)
        raise
    framings = {name: _framing(runner, config) for name, runner in runners.items()}
    return Setup(config, resources, runners, framings, shells, handler, tls, specs)


def check(config: AgentConfig, clock: Clock) -> None:
    """Make all that ``config`` wants but ports and spools, and throw it away.

    Raises:
        VedetteError: it is not sound.
    """
    for plan in plan_sources(config, clock):
        plan.make().close()
    guard(config.expose, _answer_nothing)
    make_tls(config.expose)
    for server in config.push.all_servers if config.push is not None else ():
        check_server(server)


async def _answer_nothing(_request: Request) -> Response:
    return Response(404)


def _runners(
    config: AgentConfig, clock: Clock, before: Setup, links: Links
) -> tuple[dict[str, SourceRunner], dict[str, object]]:
    own = SourcePlan(SELF, config.interval, lambda: SelfSource(config.interval, links.own_families))
    runners: dict[str, SourceRunner] = {}
    specs: dict[str, object] = {}
    for plan in [*plan_sources(config, clock), own]:
        spec = (plan.spec, config.host_name, config.limits, config.push is None)
        specs[plan.name] = spec
        if plan.name in before.runners and before.specs[plan.name] == spec:
            runners[plan.name] = before.runners[plan.name]
            continue
        source = plan.make()
        phase = phase_of(config.host_name, source.interval_ms)
        publish = partial(links.publish, plan.name)
        runners[plan.name] = SourceRunner(source, clock, phase, publish, config.limits, links.settle)
    return runners, specs


def _shells(
    config: AgentConfig, clock: Clock, before: Setup, resources: Resources, specs: dict[str, object]
) -> dict[str, PushShell]:
    push, spool = config.push, resources.spool
    if push is None or spool is None:
        return {}
    shells: dict[str, PushShell] = {}
    for server in push.all_servers:
        name = server.url
        specs[name] = shell_spec(server, push, config.host_name, spool)
        if name in before.shells and before.specs[name] == specs[name]:
            shells[name] = before.shells[name]
        else:
            shells[name] = make_shell(server, push, config.host_name, spool, clock)
    return shells


def _framing(runner: SourceRunner, config: AgentConfig) -> Framing:
    source = runner.source
    target = source_target(source, config.host_name, make_labels(config.labels))
    return Framing(source.name, target, reports_up=source.reports_up, most_bytes=config.limits.bytes)
