"""Finds the applications of this host: looks at what listens, and asks each socket that is new once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import trio

from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.errors import PageError
from vedette_agent.apps.fetch import Fetcher
from vedette_agent.apps.known import STATUS_PAGES, Application, candidates, recognise
from vedette_agent.apps.page import read_page
from vedette_agent.apps.sockets import Listener, listeners, owners
from vedette_agent.errors import CollectorError
from vedette_shared.clock import Clock
from vedette_shared.metrics import MetricFamily

ASK_AGAIN_S = 600.0
"""What was not recognised may have been starting."""

AT_A_TIME = 4
_OK = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """What a listening socket turned out to be.

    Attributes:
        listener: The socket.
        process: Whose it is; empty where this process may not see that.
        application: What answers there, if that is known.
        url: Of its page.
        evidence: What on the page shows it.
        problem: Why it is not scraped, if it is not.
    """

    listener: Listener
    process: str
    application: Application | None = None
    url: str = ""
    evidence: str = ""
    problem: str = ""

    def target(self) -> TargetConfig:
        """The configuration that pins it."""
        assert self.application is not None
        return TargetConfig(self.url, self.application.job, self.application.kind)


class Finder:
    """Remembers what it found: a socket is asked again only when it is another one, or was not recognised for long.

    Args:
        proc, sys: Where procfs and sysfs are mounted.
        most_bytes: Of a page.
        clock: Tells when to ask again.
    """

    def __init__(self, proc: Path, sys: Path, most_bytes: int, clock: Clock) -> None:
        self._proc = proc
        self._sys = sys
        self._most_bytes = most_bytes
        self._clock = clock
        self._known: dict[Listener, Finding] = {}
        self._asked_at: dict[Listener, float] = {}

    async def look(self, config: AppsConfig) -> list[Finding]:
        """Return what listens here and is or may be an application, by port; what is not scraped has a ``problem``."""
        found = await trio.to_thread.run_sync(listeners, self._proc)
        new = [one for one in found if self._is_due(one)]
        names = await trio.to_thread.run_sync(owners, self._proc, self._sys, [one.inode for one in new])
        limiter = trio.CapacityLimiter(AT_A_TIME)
        async with trio.open_nursery() as nursery:
            for one in new:
                nursery.start_soon(self._ask, one, names.get(one.inode, ""), config, limiter)
        self._known = {one: self._known[one] for one in found if one in self._known}
        self._asked_at = {one: self._asked_at[one] for one in found if one in self._asked_at}
        return _chosen([*self._known.values()], config)

    def _is_due(self, listener: Listener) -> bool:
        known = self._known.get(listener)
        if known is not None and known.application is not None:
            return False
        return self._clock.monotonic() - self._asked_at.get(listener, -math.inf) >= ASK_AGAIN_S

    async def _ask(self, listener: Listener, process: str, config: AppsConfig, limiter: trio.CapacityLimiter) -> None:
        self._asked_at[listener] = self._clock.monotonic()
        possible = candidates(listener.port, process)
        if not possible or listener.port in config.ban:
            return
        async with limiter:
            finding = Finding(listener, process, problem=f"no answer within {config.timeout.seconds:g} s")
            with trio.move_on_after(config.timeout.seconds):
                finding = await self._try(listener, process, possible)
        self._known[listener] = finding

    async def _try(self, listener: Listener, process: str, possible: Sequence[Application]) -> Finding:
        address = listener.reached_at
        authority = f"[{address}]:{listener.port}" if ":" in address else f"{address}:{listener.port}"
        base = f"http://{authority}"
        problem = ""
        fetcher = Fetcher(base, self._most_bytes)
        try:
            for kind, path in dict.fromkeys((one.kind, path) for one in possible for path in one.paths):
                try:
                    response = await fetcher.ask(path)
                except PageError as error:
                    return Finding(listener, process, problem=f"does not answer as HTTP has it: {error}")
                if response.status != _OK:
                    problem = problem or f"{path} answers {response.status}"
                    continue
                try:
                    families = read_page(response.body, response.headers.get("content-type", ""), kind).families
                except CollectorError as error:
                    problem = problem or f"{path}: {error}"
                    continue
                known = _known_page(families, kind, possible)
                if known is not None:
                    return Finding(listener, process, known[0], base + path, known[1])
                problem = f"{path} is a page of metrics, of none that is known; name it in [[apps.target]] to have it"
        finally:
            with trio.CancelScope(shield=True):
                await fetcher.aclose()
        return Finding(listener, process, problem=problem)


def _known_page(
    families: Sequence[MetricFamily], kind: str, possible: Sequence[Application]
) -> tuple[Application, str] | None:
    if kind == "metrics":
        return recognise(sample.name for family in families for sample in family.samples)
    found = next(one for one in possible if one.kind == kind)
    return found, f"its status page, with {len(families)} families"


def _chosen(findings: Sequence[Finding], config: AppsConfig) -> list[Finding]:
    """The findings with the reasons against those that are banned, named already or better read elsewhere."""
    pinned = {(urlsplit(target.url).port, target.kind) for target in config.target}
    jobs = {
        one.application.job for one in findings if one.application is not None and one.application.kind == "metrics"
    }
    jobs |= {target.job for target in config.target}
    chosen = []
    for finding in findings:
        problem = finding.problem
        if (known := finding.application) is not None:
            if known.job in config.ban:
                problem = f"{known.job} is banned"
            elif (finding.listener.port, known.kind) in pinned:
                problem = "named in the configuration"
            elif known in STATUS_PAGES and known.job in jobs:
                problem = f"an exporter of {known.job} is scraped"
        chosen.append(replace(finding, problem=problem))
    return sorted(chosen, key=lambda finding: finding.listener.port)
