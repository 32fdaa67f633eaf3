"""The scraper: one loop for each target, replaced as the configuration is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import trio

from vedette_server.scrape.config import ScrapeConfig
from vedette_server.scrape.feed import Feed
from vedette_server.scrape.loop import TargetLoop
from vedette_server.scrape.page import FormCache, warm_up
from vedette_server.scrape.status import Health, ScrapeCounters, TargetStatus
from vedette_server.scrape.target import Target, expand
from vedette_server.storage.interface import Appender
from vedette_shared.clock import Clock
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, counter, gauge

_PARSER_THREADS = 2


@dataclass(slots=True)
class _Running:
    loop: TargetLoop
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    ended: trio.Event = field(default_factory=trio.Event)


class Scraper:
    """Pulls the pages of all targets into the store.

    Raises:
        ConfigError: the configuration cannot be taken; see ``expand``.
    """

    def __init__(self, jobs: Sequence[ScrapeConfig], appender: Appender, clock: Clock) -> None:
        self._wanted = expand(jobs)
        self._clock = clock
        self._running: dict[bytes, _Running] = {}
        self._changed = trio.Event()
        self._limiter = trio.CapacityLimiter(_PARSER_THREADS)
        self.counters = ScrapeCounters()
        self._feed = Feed(appender, self.counters)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Scrape for ever."""
        async with trio.open_nursery() as feeding:
            await feeding.start(self._feed.run)
            task_status.started()
            async with trio.open_nursery() as nursery:
                is_warm = False
                while True:
                    self._changed = trio.Event()
                    if self._wanted and not is_warm:
                        is_warm = True
                        await trio.to_thread.run_sync(warm_up)
                    await self._adopt(nursery, self._wanted)
                    await self._changed.wait()

    def replace(self, jobs: Sequence[ScrapeConfig]) -> None:
        """Take another configuration. Targets that it does not change go on undisturbed; those that are gone go stale.

        Raises:
            ConfigError: the configuration cannot be taken; nothing has changed.
        """
        self._wanted = expand(jobs)
        self._changed.set()

    def targets(self) -> list[TargetStatus]:
        """How every target is, in the order of the configuration."""
        return [self._status(target) for target in self._wanted]

    def _status(self, target: Target) -> TargetStatus:
        running = self._running.get(target.key)
        return running.loop.status() if running is not None and running.loop.target == target else target.status

    def metrics(self) -> list[MetricFamily]:
        """What the scraper says of itself."""
        counters = self.counters
        targets = gauge("vedette_scrape_targets", "Targets by their health.")
        healths = [status.health for status in self.targets()]
        for health in Health:
            targets.add(healths.count(health), make_labels(health=health.value))
        return [
            targets,
            counter("vedette_scrapes_total", "Scrapes begun.", counters.scrapes),
            counter("vedette_scrape_failures_total", "Scrapes that gave no page.", counters.failures),
            counter("vedette_scrape_samples_total", "Samples stored.", counters.samples),
            counter(
                "vedette_scrape_samples_ahead_total", "Samples left out: more than 10 minutes from now.", counters.ahead
            ),
            counter("vedette_scrape_pages_learned_total", "Pages unlike the one before.", counters.pages_learned),
            counter("vedette_scrapes_not_stored_total", "Scrapes that the store refused.", counters.not_stored),
            counter(
                "vedette_scrapes_skipped_total", "Scrapes left out: the one before took too long.", counters.skipped
            ),
        ]

    async def _adopt(self, nursery: trio.Nursery, wanted: Iterable[Target]) -> None:
        """Make the running loops those of ``wanted``."""
        targets = {target.key: target for target in wanted}
        ended = {
            key: each for key, each in self._running.items() if key not in targets or each.loop.target != targets[key]
        }
        for each in ended.values():
            each.scope.cancel()
        for key, each in ended.items():
            await each.ended.wait()
            del self._running[key]
            if key not in targets:
                nursery.start_soon(each.loop.leave)
        caches: dict[str, FormCache] = {}
        for key, target in targets.items():
            if key not in self._running:
                cache = caches.setdefault(target.config.job, FormCache())
                loop = TargetLoop(target, self._feed, self._clock, cache, self.counters, self._limiter)
                self._running[key] = _Running(loop)
                nursery.start_soon(self._live, self._running[key])

    @staticmethod
    async def _live(running: _Running) -> None:
        try:
            with running.scope:
                await running.loop.run()
        finally:
            running.ended.set()
