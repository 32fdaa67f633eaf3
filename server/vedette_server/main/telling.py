"""Makes what the checks find durable, and has people told of it."""

from __future__ import annotations

from dataclasses import replace

import trio

from vedette_server.checks import Findings
from vedette_server.main.config import ServerConfig
from vedette_server.notify.delivery import DeliveryTotals, Notifier
from vedette_server.notify.routing import Router
from vedette_server.state import Batch, StateError, StateStore
from vedette_server.state.rows import NO_CHANGES
from vedette_shared.clock import Clock
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

MOST_UNWRITTEN_EVENTS = 100_000
"""The history that is kept in memory while the database cannot be written; states and notifications all are."""


class Telling:
    """The running notification, swapped for another when the configuration is read anew."""

    def __init__(self, config: ServerConfig, state: StateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._unwritten: Batch = NO_CHANGES
        self._router = Router(config.notify)
        self._config = config
        self._replaced = trio.Event()
        self._notifier = self._make_notifier()

    def totals(self) -> DeliveryTotals:
        """What has been delivered since the configuration in force was read."""
        return self._notifier.totals()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Deliver until cancelled; started once what waited before a restart is taken up.

        Raises:
            StateError: what was told before cannot be read.
        """
        while True:
            self._router = Router(self._config.notify, await self._state.told())
            async with trio.open_nursery() as nursery:
                await nursery.start(self._notifier.run)
                task_status.started()
                task_status = trio.TASK_STATUS_IGNORED
                await self._replaced.wait()
                nursery.cancel_scope.cancel()
            self._replaced = trio.Event()
            self._notifier = self._make_notifier()

    def replace(self, config: ServerConfig) -> None:
        """Go on with other methods, if they are others; what waits for one that stays is sent by it."""
        if (config.notify, config.delivery) != (self._config.notify, self._config.delivery):
            self._config = config
            self._replaced.set()

    async def publish(self, findings: Findings) -> None:
        """Write states and notifications together, then send.

        People are told even where the database cannot be written: what it did not take is written with the next.
        """
        routed = self._router.route(findings.alerts)
        batch = findings.batch.then(Batch(notifications=routed.notifications, told=routed.told))
        self._unwritten = self._unwritten.then(batch)
        try:
            await self._state.apply(self._unwritten)
        except StateError as error:
            _log.error("states could not be written; they are kept in memory and written later", error=error)
            self._unwritten = replace(self._unwritten, events=self._unwritten.events[-MOST_UNWRITTEN_EVENTS:])
        else:
            self._unwritten = NO_CHANGES
        self._notifier.enqueue(routed.notifications)

    def _make_notifier(self) -> Notifier:
        return Notifier(self._config.notify, self._config.delivery, self._state, self._clock)
