"""The scraper's side of the store: one sender for all targets, whose failures cost a scrape and no more."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Awaitable, Iterable, Sequence
from typing import NamedTuple

from vedette_server.scrape.status import ScrapeCounters
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Appender, LooseSamples, Receipt, SourceEnd
from vedette_shared.frames import Frame, Layout, Sender
from vedette_shared.labels import Labels
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

SENDER = "scrape"
SOURCE = "scrape"


class Vector(NamedTuple):
    """What one target reports at one time: the doubles of a layout."""

    target: bytes
    layout: Layout
    values: bytes


class Feed:
    """Stores what the targets report. Each call is one append; what the store refuses is counted and logged."""

    def __init__(self, appender: Appender, counters: ScrapeCounters) -> None:
        self._appender = appender
        self._counters = counters
        self._sender = Sender(SENDER, secrets.randbits(63))
        self._sequence = itertools.count(1)

    async def vectors(self, timestamp: int, vectors: Sequence[Vector]) -> bool:
        """Store vectors of one scrape; return whether the store took them."""
        layouts = {vector.layout.hash: vector.layout for vector in vectors}
        unknown = self._appender.unknown_layouts(list(layouts))
        frames = [
            Frame(next(self._sequence), timestamp, target, SOURCE, layout.hash, values)
            for target, layout, values in vectors
        ]
        new = [layouts[each] for each in unknown]
        return await self._taken(self._appender.append_frames(self._sender, new, frames))

    async def loose(self, labels: Sequence[Labels], samples: LooseSamples) -> bool:
        """Store samples with timestamps of their own; return whether the store took them."""
        return await self._taken(self._appender.append_samples(labels, samples))

    async def end(self, timestamp: int, targets: Iterable[bytes]) -> bool:
        """Let all series of targets go stale; return whether the store did."""
        ends = [SourceEnd(target, SOURCE, timestamp) for target in targets]
        return await self._taken(self._appender.append_ends(ends))

    async def _taken(self, append: Awaitable[Receipt]) -> bool:
        try:
            receipt = await append
        except StorageError as error:
            self._counters.not_stored += 1
            _log.error("scrape not stored", error=error)
            return False
        self._counters.samples += receipt.stored
        return True
