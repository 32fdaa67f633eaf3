"""Runs the checks, and swaps them for others when the configuration is read anew."""

from __future__ import annotations

import trio

from vedette_server.checks import CheckCycle, ChecksConfig, Fleet, QueryFunction, run_checks
from vedette_server.checks.run import Publish
from vedette_server.promql import parse
from vedette_server.state import StateStore
from vedette_shared.clock import Clock


class Checking:
    """The running checks. ``fleet`` is what they hold, of the checks in force."""

    def __init__(
        self, config: ChecksConfig, query: QueryFunction, state: StateStore, publish: Publish, clock: Clock
    ) -> None:
        self._query = query
        self._state = state
        self._publish = publish
        self._clock = clock
        self._take(config)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Evaluate the checks until cancelled; started once what was known before a restart is restored."""
        while True:
            strange = self._cycle.restore(await self._state.hosts(), await self._state.services())
            if strange:
                await self._publish(strange)
            task_status.started()
            task_status = trio.TASK_STATUS_IGNORED
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run_checks, self._cycle, self._query, self._publish, self._clock)
                await self._replaced.wait()
                nursery.cancel_scope.cancel()
            self._take(self._next)

    def replace(self, config: ChecksConfig) -> None:
        """Go on with other checks; the states of those that stay are kept."""
        self._next = config
        self._replaced.set()

    def _take(self, config: ChecksConfig) -> None:
        self._next = config
        self._replaced = trio.Event()
        self._cycle = CheckCycle(config, parse, self._clock.now_ms())
        self.fleet = Fleet(self._cycle, self._clock)
