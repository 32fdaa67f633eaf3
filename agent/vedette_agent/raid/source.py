"""The source of RAIDs: each program is asked in the background; the last answers are reported at each tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import trio

from vedette_agent.changes import Keeper, Memory, Part
from vedette_agent.raid.config import RaidConfig
from vedette_agent.raid.families import raid_families
from vedette_agent.raid.report import RaidReport, part_of
from vedette_agent.raid.tools import Ask
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.refresh import Job, Refreshed, Refresher
from vedette_shared.clock import Clock
from vedette_shared.events import Event
from vedette_shared.metrics import MetricFamily

RAID = "raid"
MD = "md"
MD_EVERY_S = 15.0
LOOK_EVERY_S = 60.0
AT_A_TIME = 4


class RaidSource(PlainSource):
    """Collects RAIDs. Its series are the node's, as those of a textfile would be.

    Args:
        asks: How each program is asked, by its name.
        config: How often.
        memory: Where what is known survives a restart.
        interval_ms: From one report to the next.
        clock: For ages and events.
    """

    name = RAID
    job = "node"
    reports_up = False

    def __init__(
        self, asks: Mapping[str, Ask], config: RaidConfig, memory: Memory, *, interval_ms: int, clock: Clock
    ) -> None:
        super().__init__()
        self.interval_ms = interval_ms
        self.timeout = 2 * config.timeout.seconds + 2.0
        self._clock = clock
        self._keeper = Keeper(RAID, memory)
        self._is_running = False
        self._refresher: Refresher[RaidReport] = Refresher("raid", clock, AT_A_TIME)
        seconds = config.interval.seconds
        self._jobs = {
            name: Job(name, min(seconds, MD_EVERY_S) if name == MD else seconds, partial(self._ask, name, ask))
            for name, ask in asks.items()
        }
        self._made_with: list[Refreshed[RaidReport]] = []

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._is_running = True
        await self._refresher.run(lambda: self._jobs, LOOK_EVERY_S, task_status=task_status)

    async def collect(self) -> Sequence[MetricFamily]:
        if not self._is_running:
            await self._refresher.refresh(self._jobs)
        await self._keeper.remember()
        results = list(self._refresher.results.values())
        if [*map(id, results)] != [*map(id, self._made_with)]:
            self._last = raid_families(self._refresher.results)
            self._made_with = results
        return self._last

    def take_events(self) -> Sequence[Event]:
        return self._keeper.take_events()

    def events_kept(self) -> None:
        self._keeper.events_kept()

    def problems(self) -> dict[str, str]:
        return {name: result.error for name, result in self._refresher.results.items() if result.error}

    def close(self) -> None:
        self._keeper.close()

    async def _ask(self, name: str, ask: Ask) -> RaidReport:
        report = await ask()
        watch, now = await self._keeper.watch(), self._clock.now_ms()
        # A spare disk that is in use, or one with two paths, is told of twice.
        parts: dict[str, Part] = {}
        for unit in report.units:
            part = part_of(unit, name)
            parts.setdefault(part.place, part)
        watch.begin(name, parts)
        for part in parts.values():
            watch.observe(name, part, now)
        watch.look(name, parts, now)
        return report
