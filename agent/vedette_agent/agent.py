"""The agent as a whole: sources, the page, the push; started together and stopped in good order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import trio

from vedette_agent.collectors.registry import make_collectors
from vedette_agent.config import AgentConfig
from vedette_agent.expose.page import Pages
from vedette_agent.push import Pusher, PushLimits
from vedette_agent.push.shell import Delivery, PushShell
from vedette_agent.resources import Resources
from vedette_agent.self_metrics import SelfSource, push_families
from vedette_agent.sources.framing import Framing, target_labels
from vedette_agent.sources.interface import Collection, Source
from vedette_agent.sources.node import NodeSource
from vedette_agent.sources.runner import SourceRunner
from vedette_agent.sources.schedule import phase_of
from vedette_shared.clock import Clock
from vedette_shared.http import Client, Limits, serve
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

PAGE_MAX_AGE_S = 1.0
PAGE_LIMITS = Limits(body=0, connections=64, idle_time=120.0)


class Agent:
    """One configuration, running on resources that its owner closes."""

    def __init__(self, config: AgentConfig, clock: Clock, resources: Resources) -> None:
        self.config = config
        self.resources = resources
        self._clock = clock
        self._host = config.host_name
        self._labels = make_labels(config.labels)
        self._pushers = self._make_pushers()
        self._shells: list[PushShell] = []
        self._runners = [self._runner(source) for source in make_sources(config, self._own_families)]

    async def run(self, stopping: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Collect, expose and push until ``stopping`` is set; then hand over what is live."""
        try:
            async with trio.open_nursery() as outer:
                await self._start_pushing(outer)
                async with trio.open_nursery() as inner:
                    await self._start_collecting(inner)
                    task_status.started()
                    await stopping.wait()
                    inner.cancel_scope.cancel()
                await self._hand_over()
                outer.cancel_scope.cancel()
        finally:
            for runner in self._runners:
                runner.source.close()

    async def collect(self) -> Sequence[MetricFamily]:
        """Return all families there are: the cheap sources' as of now, the others' as of their last tick."""
        families: list[MetricFamily] = []
        for runner in self._runners:
            if runner.source.on_demand:
                families += (await runner.collect(PAGE_MAX_AGE_S)).families
            elif runner.latest is not None:
                families += runner.latest.families
        return families

    async def _start_pushing(self, nursery: trio.Nursery) -> None:
        push = self.config.push
        if push is None:
            return
        for pusher in self._pushers:
            shell = PushShell(pusher, Delivery(push.timeout.seconds), Client(push.url), self._clock)
            self._shells.append(shell)
            await nursery.start(shell.run, push.start_jitter.seconds)

    async def _start_collecting(self, nursery: trio.Nursery) -> None:
        if self.resources.listener is not None:
            # A duplicate, as the server closes its listeners and the next configuration may need this one.
            listener = self.resources.listener.dup()
            listener.setblocking(False)
            await nursery.start(partial(serve, Pages(self.collect).answer, [listener], PAGE_LIMITS))
        for runner in self._runners:
            # Without a push nobody needs the ticks of what a page collects when it is asked for.
            if self._shells or not runner.source.on_demand:
                await nursery.start(runner.run)

    async def _hand_over(self) -> None:
        """Let what is under way arrive, within the time for it; the spool has the rest."""
        if self.config.push is None:
            return
        with trio.move_on_after(self.config.push.flush_time.seconds):
            async with trio.open_nursery() as nursery:
                for shell in self._shells:
                    nursery.start_soon(shell.settle)

    def _make_pushers(self) -> list[Pusher]:
        push, spool = self.config.push, self.resources.spool
        if push is None or spool is None:
            return []
        limits = PushLimits(
            catch_up_bytes_per_s=push.catch_up_rate,
            backoff_base=push.backoff.seconds,
            backoff_most=push.max_backoff.seconds,
        )
        return [Pusher(push.url, self._host, spool, limits)]

    def _runner(self, source: Source) -> SourceRunner:
        target = target_labels(source.job, self._host, self._labels)
        framing = Framing(source.name, target, reports_up=source.reports_up)

        def publish(collection: Collection) -> None:
            if self.resources.spool is not None:
                stored = self.resources.spool.append(framing.frame_of(collection))
                for shell in self._shells:
                    shell.offer(stored)

        return SourceRunner(source, self._clock, phase_of(self._host, source.interval_ms), publish)

    def _own_families(self) -> list[MetricFamily]:
        spool = self.resources.spool
        return push_families(spool, self._pushers) if spool is not None else []


def make_sources(config: AgentConfig, own_families: Callable[[], list[MetricFamily]]) -> list[Source]:
    """Return the sources that ``config`` asks for."""
    node = NodeSource(
        make_collectors(config.node),
        interval_ms=config.interval,
        timeout=config.timeout.seconds,
        collector_timeout=config.collector_timeout.seconds,
    )
    return [node, SelfSource(config.interval, own_families)]
