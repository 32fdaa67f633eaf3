"""Follows the machine in the background, by what the node's collectors report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import trio

from vedette_agent.changes import Keeper, Memory
from vedette_agent.machine.boots import NODE, Boots
from vedette_agent.machine.hardware import Rows, parts_of, rows_of
from vedette_shared.clock import Clock
from vedette_shared.events import Event
from vedette_shared.metrics import MetricFamily

LOOKS = 2
"""At the same rows: what is missing from them is gone only at the second look."""


class MachineFollower:
    """Tells of changes of the hardware, and of reboots.

    Args:
        folder: Where what is known survives a restart.
        proc: Where /proc is.
        clock: For the times of events.
        without: Families that another source watches closer.
    """

    def __init__(self, folder: Path, proc: Path, clock: Clock, without: Collection[str] = ()) -> None:
        self._keeper = Keeper(NODE, Memory(folder / "hardware.json"))
        self._boots = Boots(folder / "boot.json", proc, clock)
        self._clock = clock
        self._without = frozenset(without)
        self._rows: Rows = ()
        self._looks = 0
        self._offered = trio.Event()

    def offer(self, families: Sequence[MetricFamily]) -> None:
        """Take what a collection of the node found."""
        rows = rows_of(families, self._without)
        if rows != self._rows:
            self._rows, self._looks = rows, 0
        self._offered.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look after each collection, until cancelled: the folder may be slow, and the node's series do not wait."""
        task_status.started()
        while True:
            await self._offered.wait()
            self._offered = trio.Event()
            await self.look()

    async def look(self) -> None:
        """Compare what was offered last with what is known."""
        await self._keeper.remember()
        await trio.to_thread.run_sync(self._boots.look, abandon_on_cancel=True)
        if self._looks >= LOOKS:
            return
        self._looks += 1
        watch, now = await self._keeper.watch(), self._clock.now_ms()
        for scope, parts in parts_of(self._rows):
            places = [part.place for part in parts]
            watch.begin(scope, places)
            for part in parts:
                watch.observe(scope, part, now)
            watch.look(scope, places, now)

    def take_events(self) -> Sequence[Event]:
        """Return the events since the last call."""
        return [*self._boots.take_events(), *self._keeper.take_events()]

    def events_kept(self) -> None:
        """Take it that the events taken so far outlive this process."""
        self._boots.events_kept()
        self._keeper.events_kept()

    def close(self) -> None:
        """Save what is not saved yet, and note that the agent stops in good order."""
        self._keeper.close()
        self._boots.close()
