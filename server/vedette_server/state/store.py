"""The database for trio: every call runs in a worker thread, one at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import trio

from vedette_server.state.database import Database
from vedette_server.state.fleet_events import EventQuery, FleetEvent, NewEvent
from vedette_server.state.rows import Batch, HostRow, Outcome, QueuedRow, ServiceRow, StateChange, ToldRow

T = TypeVar("T")


class StateStore:
    """What outlives a restart. Obtain one with ``open_state``; every method may raise ``StateError``."""

    def __init__(self, database: Database, limiter: trio.CapacityLimiter) -> None:
        self._database = database
        self._limiter = limiter

    async def apply(self, batch: Batch) -> None:
        """Make a batch durable, all of it or nothing."""
        await self._run(lambda: self._database.apply(batch))

    async def hosts(self) -> list[HostRow]:
        """All hosts, by name."""
        return await self._run(self._database.hosts)

    async def services(self) -> list[ServiceRow]:
        """All services, by host, check and item."""
        return await self._run(self._database.services)

    async def told(self) -> list[ToldRow]:
        """What every method was last told of each problem that it has not seen end."""
        return await self._run(self._database.told)

    async def queue(self) -> list[QueuedRow]:
        """The notifications that are still to be sent, oldest first."""
        return await self._run(self._database.queue)

    async def outcomes(self) -> dict[Outcome, int]:
        """How many of the notifications that are still on record ended in which way."""
        return await self._run(self._database.outcomes)

    async def events(self, *, host: str | None = None, limit: int = 1000) -> list[StateChange]:
        """The newest changes of states, of all hosts or of one, newest first."""
        return await self._run(lambda: self._database.events(host=host, limit=limit))

    async def add_events(self, events: Sequence[NewEvent], received: int) -> int:
        """Make events that were received at a time (ms) durable; return how many of them are new."""
        return await self._run(lambda: self._database.add_events(events, received))

    async def fleet_events(self, query: EventQuery) -> list[FleetEvent]:
        """The events of the fleet that ``query`` asks for, newest first."""
        return await self._run(lambda: self._database.fleet_events(query))

    async def last_event(self) -> int:
        """The id of the event that arrived last; 0 if there was none."""
        return await self._run(self._database.last_event)

    async def prune_events(self, before: int, most: int) -> int:
        """Delete the events that arrived before a time (ms), and the oldest beyond ``most``; return how many went."""
        return await self._run(lambda: self._database.prune_events(before, most))

    async def failed(self, identity: str, attempts: int, error: str) -> None:
        """Note a vain attempt to send a notification."""
        await self._run(lambda: self._database.failed(identity, attempts, error))

    async def finished(self, identity: str, outcome: Outcome, time: int, error: str = "") -> None:
        """Note at ``time`` (ms) how a notification ended; it is never sent again."""
        await self._run(lambda: self._database.finished(identity, outcome, time, error))

    async def prune(self, before: int) -> int:
        """Delete the history from before a time (ms); return how many rows went."""
        return await self._run(lambda: self._database.prune(before))

    async def _run(self, call: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(call, limiter=self._limiter)


@asynccontextmanager
async def open_state(path: Path) -> AsyncIterator[StateStore]:
    """Open or create the database at ``path``, and close it at the end.

    Raises:
        StateSchemaError: the file is no database of a version that is known.
        StateError: it cannot be opened.
    """
    limiter = trio.CapacityLimiter(1)
    database = await trio.to_thread.run_sync(Database, path, limiter=limiter)
    try:
        yield StateStore(database, limiter)
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(database.close, limiter=limiter)
