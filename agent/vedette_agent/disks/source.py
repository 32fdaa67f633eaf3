"""The source of the disks: each is asked in the background, and the last answers are reported at each tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import trio

from vedette_agent.changes import Keeper, Memory
from vedette_agent.disks.config import DisksConfig
from vedette_agent.disks.device import Device
from vedette_agent.disks.families import disk_families
from vedette_agent.disks.health import part_of
from vedette_agent.disks.smartctl import DiskReport, Smartctl
from vedette_agent.errors import CollectorError
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.refresh import Job, Refreshed, Refresher
from vedette_shared.clock import Clock
from vedette_shared.events import Event
from vedette_shared.metrics import MetricFamily

DISKS, JOB = "disks", "smartctl"
SCAN = "scan"
LOOK_EVERY_S = 2.0
SCAN_EVERY_S = 60.0
ONCE_S = 10.0
"""More than the time for a disk that all of them may take, where a page is made of one collection alone."""


class DiskSource(PlainSource):
    """Collects the disks that ``smartctl`` finds.

    Args:
        smartctl: Asks them.
        config: How often.
        memory: Where what is known of them survives a restart.
        interval_ms: From one report to the next.
        clock: For ages and events.
    """

    name = DISKS
    job = JOB
    reports_up = True

    def __init__(
        self, smartctl: Smartctl, config: DisksConfig, memory: Memory, *, interval_ms: int, clock: Clock
    ) -> None:
        super().__init__()
        self.interval_ms = interval_ms
        self.timeout = config.timeout.seconds + ONCE_S
        self._smartctl = smartctl
        self._interval = config.interval.seconds
        self._keeper = Keeper(DISKS, memory)
        self._clock = clock
        self._is_running = False
        self._scans: Refresher[tuple[Device, ...]] = Refresher("scan", clock, 1)
        self._disks: Refresher[DiskReport] = Refresher("disk", clock, config.at_a_time)
        self._scan_job = {SCAN: Job(SCAN, min(self._interval, SCAN_EVERY_S), self._scan)}
        self._made_of: list[int] = []
        self._made_with: list[Refreshed[DiskReport]] = []

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._is_running = True
        async with trio.open_nursery() as nursery:
            await nursery.start(self._scans.run, lambda: self._scan_job, SCAN_EVERY_S)
            await nursery.start(self._disks.run, self._jobs, LOOK_EVERY_S)
            task_status.started()

    async def collect(self) -> Sequence[MetricFamily]:
        if not self._is_running:
            with trio.move_on_after(self.timeout - 1.0):
                await self._scans.refresh(self._scan_job)
                await self._disks.refresh(self._jobs())
        await self._keeper.remember()
        scan = self._scans.results.get(SCAN)
        if scan is not None and scan.value is None:
            raise CollectorError(scan.error)
        results = self._disks.results
        count = len(scan.value) if scan is not None and scan.value is not None else 0
        # Hundreds of series that change every few minutes are not made anew at each tick. (What they were made with is
        # kept, so that nothing new can have the same identity.)
        made_of = [count, *(id(result) for result in results.values())]
        if made_of != self._made_of:
            self._last = disk_families(results, count)
            self._made_of, self._made_with = made_of, list(results.values())
        return self._last

    def take_events(self) -> Sequence[Event]:
        return self._keeper.take_events()

    def events_kept(self) -> None:
        self._keeper.events_kept()

    def problems(self) -> dict[str, str]:
        problems = {label: result.error for label, result in self._disks.results.items() if result.error}
        scan = self._scans.results.get(SCAN)
        return {SCAN: scan.error, **problems} if scan is not None and scan.error else problems

    def close(self) -> None:
        self._keeper.close()

    def _jobs(self) -> Mapping[str, Job[DiskReport]]:
        scan = self._scans.results.get(SCAN)
        devices = scan.value if scan is not None and scan.value is not None else ()
        return {device.label: Job(device.label, self._interval, partial(self._ask, device)) for device in devices}

    async def _scan(self) -> tuple[Device, ...]:
        devices = await self._smartctl.scan()
        watch = await self._keeper.watch()
        places = [device.label for device in devices]
        watch.begin(DISKS, places)
        watch.look(DISKS, places, self._clock.now_ms())
        return devices

    async def _ask(self, device: Device) -> DiskReport:
        report = await self._smartctl.ask(device)
        part = part_of(report)
        if part is not None:
            (await self._keeper.watch()).observe(DISKS, part, self._clock.now_ms())
        return report
