"""Makes findings durable together with the notifications that they lead to, then has those delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from vedette_server.checks.findings import Findings
from vedette_server.notify.alert import Alert
from vedette_server.notify.routing import Routed
from vedette_server.state.errors import StateError
from vedette_server.state.rows import NO_CHANGES, Batch, QueuedRow
from vedette_shared.logs import get_logger

_log = get_logger(__name__)
_MOST_EVENTS_HELD = 100_000


class Store(Protocol):
    """Keeps batches; ``StateStore`` does."""

    async def apply(self, batch: Batch) -> None:
        """Make a batch durable, all of it or nothing.

        Raises:
            StateError: nothing was written.
        """
        ...


class AlertRouter(Protocol):
    """Decides who is told; ``Router`` does."""

    def route(self, alerts: Iterable[Alert]) -> Routed:
        """Return what becomes of ``alerts``."""
        ...


class Delivery(Protocol):
    """Sends notifications; ``Notifier`` does."""

    def enqueue(self, rows: Iterable[QueuedRow]) -> None:
        """Send ``rows``."""
        ...


class Publisher:
    """Hands findings on. What cannot be written is held and written with the next; it is delivered all the same."""

    def __init__(self, store: Store, router: AlertRouter, delivery: Delivery) -> None:
        self._store = store
        self._router = router
        self._delivery = delivery
        self._held = NO_CHANGES

    async def publish(self, findings: Findings) -> None:
        """Make ``findings`` durable and tell people."""
        routed = self._router.route(findings.alerts)
        batch = replace(findings.batch, notifications=routed.notifications, told=routed.told)
        whole = self._held.then(batch) if self._held else batch
        try:
            await self._store.apply(whole)
        except StateError as error:
            self._held = _bounded(whole)
            _log.error("states could not be written; they are held and written with the next", error=error)
        else:
            self._held = NO_CHANGES
        self._delivery.enqueue(routed.notifications)


def _bounded(batch: Batch) -> Batch:
    """The batch with each host and service once, and no more than the newest events."""
    return replace(
        batch,
        hosts=tuple({row.host: row for row in batch.hosts}.values()),
        services=tuple({row.key: row for row in batch.services}.values()),
        events=batch.events[-_MOST_EVENTS_HELD:],
    )
