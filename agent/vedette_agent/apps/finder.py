"""Finds the applications of this host: looks at what listens, and asks each socket that is new once."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

import trio

from vedette_agent.apps.config import AppsConfig, KubeletConfig
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.known import POOL, STATUS_PAGES, candidates
from vedette_agent.apps.owners import owners
from vedette_agent.apps.php_pools import Pool, running_pools
from vedette_agent.apps.probes.ask import ask
from vedette_agent.apps.probes.question import Question
from vedette_agent.apps.sockets import Listener, Place, UnixListener, listeners, unix_listeners
from vedette_agent.collectors.interface import Roots
from vedette_shared.clock import Clock

ASK_AGAIN_S = 600.0
"""What was not recognised may have been starting."""

AT_A_TIME = 4

AnyListener = Listener | UnixListener


class Finder:
    """Remembers what it found: a socket is asked again only when it is another one, or was not recognised for long.

    Args:
        roots: Where procfs and the host's files are.
        most_bytes: Of a page.
        clock: Tells when to ask again.
    """

    def __init__(self, roots: Roots, most_bytes: int, clock: Clock) -> None:
        self._roots = roots
        self._most_bytes = most_bytes
        self._clock = clock
        self._known: dict[AnyListener, Finding] = {}
        self._asked_at: dict[AnyListener, float] = {}
        self._kubelet: KubeletConfig | None = None

    async def look(self, config: AppsConfig) -> list[Finding]:
        """Return what listens here and is or may be an application, by port; what is not scraped has a ``problem``."""
        if config.kubelet != self._kubelet:
            self._kubelet = config.kubelet
            self._known.clear()
            self._asked_at.clear()
        found = [one for one in await trio.to_thread.run_sync(self._listeners) if one.place not in config.ban]
        new = [one for one in found if self._is_due(one)]
        questions = await trio.to_thread.run_sync(self._questions, new, config) if new else []
        self._asked_at.update(dict.fromkeys(new, self._clock.monotonic()))
        limiter = trio.CapacityLimiter(AT_A_TIME)
        async with trio.open_nursery() as nursery:
            for question in questions:
                nursery.start_soon(self._ask, question, config, limiter)
        self._known = {one: self._known[one] for one in found if one in self._known}
        self._asked_at = {one: self._asked_at[one] for one in found if one in self._asked_at}
        return _chosen([*self._known.values()], config)

    def forget_unrecognised(self) -> None:
        """Let the next look ask once more what was not recognised."""
        self._asked_at.clear()

    def _listeners(self) -> list[AnyListener]:
        return [*listeners(self._roots.proc), *unix_listeners(self._roots.proc, self._roots.rootfs)]

    def _is_due(self, listener: AnyListener) -> bool:
        known = self._known.get(listener)
        if known is not None and known.application is not None:
            return False
        return self._clock.monotonic() - self._asked_at.get(listener, -math.inf) >= ASK_AGAIN_S

    def _questions(self, new: Sequence[AnyListener], config: AppsConfig) -> list[Question]:
        """Those of sockets that may be an application's."""
        names = owners(self._roots.proc, self._roots.sys, [one.inode for one in new])
        pools = dict(_places(running_pools(self._roots.proc, self._roots.rootfs)))
        questions = []
        for listener in new:
            process, pool = names.get(listener.inode, ""), pools.get(listener.place)
            possible = candidates(listener.place, process, is_pool=pool is not None)
            if possible:
                nobody = Finding(listener, process)
                questions.append(Question(nobody, possible, self._most_bytes, pool, config.kubelet))
        return questions

    async def _ask(self, question: Question, config: AppsConfig, limiter: trio.CapacityLimiter) -> None:
        nobody, seconds = question.nobody, config.timeout.seconds
        async with limiter:
            finding = replace(nobody, problem=f"no answer within {seconds:g} s")
            with trio.move_on_after(seconds):
                finding = await ask(question)
        self._known[nobody.listener] = finding


def _places(pools: Sequence[Pool]) -> Iterator[tuple[Place, Pool]]:
    for pool in pools:
        yield pool.listen, pool
        if pool.status_listen is not None:
            yield pool.status_listen, pool


def _chosen(findings: Sequence[Finding], config: AppsConfig) -> list[Finding]:
    """The findings with the reasons against those that are banned, named already or better read elsewhere."""
    pinned = {target.page for target in config.target}
    jobs = {
        one.application.job for one in findings if one.application is not None and one.application.kind == "metrics"
    }
    jobs |= {target.job for target in config.target if target.kind != POOL.kind}
    return sorted((_judged(one, config, pinned, jobs) for one in findings), key=_order)


def _judged(
    finding: Finding, config: AppsConfig, pinned: Container[tuple[Place, str]], jobs: Container[str]
) -> Finding:
    known = finding.application
    if known is None:
        return finding
    allowed = [target for target in finding.targets if target.job not in config.ban]
    left = tuple(target for target in allowed if target.page not in pinned)
    if not left:
        return replace(finding, problem="named in the configuration" if allowed else f"{known.job} is banned")
    has_exporter = known in STATUS_PAGES and known.job in jobs
    return replace(finding, targets=left, problem=f"an exporter of {known.job} is scraped" if has_exporter else "")


def _order(finding: Finding) -> tuple[int, str]:
    """By port, and what has none after that by its path."""
    listener = finding.listener
    return (listener.port, "") if isinstance(listener, Listener) else (1 << 16, listener.path)
