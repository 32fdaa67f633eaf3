"""The scraper's side of the store: one sender for all targets, and one append for what comes within a moment."""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections.abc import Awaitable, Iterable, Sequence
from typing import NamedTuple, TypeAlias, cast

import trio

from vedette_server.scrape.status import ScrapeCounters
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Appender, LooseSamples, Receipt, SourceEnd
from vedette_shared.frames import Frame, Layout, Sender
from vedette_shared.labels import Labels
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

SENDER = "scrape"
SOURCE = "scrape"
LINGER_S = 0.5
QUEUE = 1024
_FAREWELL_S = 5


class Vector(NamedTuple):
    """What one target reports at one time: the doubles of a layout."""

    target: bytes
    timestamp: int
    layout: Layout
    values: bytes


class Loose(NamedTuple):
    """Samples with timestamps of their own."""

    labels: Sequence[Labels]
    samples: LooseSamples


Item: TypeAlias = Vector | Loose | SourceEnd


class Feed:
    """Stores what the targets report, in the order in which it comes; what the store refuses is counted and logged.

    Nobody waits for a scrape to be durable, so it may wait a moment for others, and an append's cost is shared.
    """

    def __init__(self, appender: Appender, counters: ScrapeCounters) -> None:
        self._appender = appender
        self._counters = counters
        self._sender = Sender(SENDER, secrets.randbits(63))
        self._sequence = itertools.count(1)
        self._send, self._receive = trio.open_memory_channel[Item](QUEUE)

    async def put(self, items: Iterable[Item]) -> None:
        """Have items stored; this waits only while too many wait already."""
        for item in items:
            try:
                self._send.send_nowait(item)
            except trio.WouldBlock:
                await self._send.send(item)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Store what is put, until cancelled; what waits then is stored at last."""
        task_status.started()
        waiting: list[Item] = []
        try:
            while True:
                waiting = [await self._receive.receive()]
                await trio.sleep(LINGER_S)
                waiting += self._drain()
                storing, waiting = waiting, []
                await self._store(storing)
        finally:
            with trio.move_on_after(_FAREWELL_S, shield=True):
                await self._store([*waiting, *self._drain()])

    def _drain(self) -> list[Item]:
        items: list[Item] = []
        with contextlib.suppress(trio.WouldBlock):
            while len(items) < QUEUE:
                items.append(self._receive.receive_nowait())
        return items

    async def _store(self, items: Iterable[Item]) -> None:
        for kind, group in itertools.groupby(items, type):
            if kind is Vector:
                await self._store_vectors(cast("list[Vector]", list(group)))
            elif kind is Loose:
                for labels, samples in cast("list[Loose]", list(group)):
                    await self._taken(self._appender.append_samples(labels, samples))
            else:
                await self._taken(self._appender.append_ends(cast("list[SourceEnd]", list(group))))

    async def _store_vectors(self, vectors: Sequence[Vector]) -> None:
        layouts = {vector.layout.hash: vector.layout for vector in vectors}
        new = [layouts[each] for each in self._appender.unknown_layouts(list(layouts))]
        frames = [
            Frame(next(self._sequence), timestamp, target, SOURCE, layout.hash, values)
            for target, timestamp, layout, values in vectors
        ]
        await self._taken(self._appender.append_frames(self._sender, new, frames))

    async def _taken(self, append: Awaitable[Receipt]) -> None:
        try:
            receipt = await append
        except StorageError as error:
            self._counters.not_stored += 1
            _log.error("scrapes not stored", error=error)
        else:
            self._counters.samples += receipt.stored
