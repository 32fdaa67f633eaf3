"""The life of one target: scrape, store, wait."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
import trio

from vedette_server.scrape.errors import ResponseError, ScrapeError
from vedette_server.scrape.feed import SOURCE, Feed, Item, Loose, Vector
from vedette_server.scrape.http import PageClient, RawPage, decode_body
from vedette_server.scrape.page import OWN_NAMES, OWN_ONLY, FormCache, PageReader, Reading, Shape, text_of_protobuf
from vedette_server.scrape.status import Health, ScrapeCounters, TargetStatus
from vedette_server.scrape.target import Target
from vedette_server.storage.interface import LooseSamples, SourceEnd
from vedette_shared.clock import Clock
from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import PageFormat, page_format
from vedette_shared.logs import get_logger

_Result = TypeVar("_Result")

_log = get_logger(__name__)

_KEEP_UP_TO_S = 300
_UNPACK_IN_THREAD_FROM = 262_144
_LEARN_IN_THREAD_FROM = 32_768
_SNAP_MS = 2
_MOST_AHEAD_MS = 600_000
"""Samples from so far in the future are left out, as Prometheus does it: the page's clock is wrong."""


class TargetLoop:
    """Scrapes one target at its interval and stores what it finds."""

    def __init__(
        self,
        target: Target,
        feed: Feed,
        clock: Clock,
        cache: FormCache,
        counters: ScrapeCounters,
        limiter: trio.CapacityLimiter,
    ) -> None:
        self.target = target
        self._feed = feed
        self._clock = clock
        self._counters = counters
        self._limiter = limiter
        self._interval_ms = int(target.config.interval)
        self._timeout_s = target.config.effective_timeout.seconds
        self._offset_ms = target.offset_ms
        interval_s = target.config.interval.seconds
        self._client = PageClient(target.endpoint, keep=interval_s <= _KEEP_UP_TO_S)
        self._reader = PageReader(target.rules, target.labels, cache)
        self._shape: Shape | None = None
        self._native_only = 0
        self._last_error = ""
        self._last_scrape_ms = 0
        self._last_duration_s = 0.0

    def status(self) -> TargetStatus:
        """How the target is."""
        health = Health.DOWN if self._last_error else Health.UP if self._last_scrape_ms else Health.UNKNOWN
        return replace(
            self.target.status,
            health=health,
            last_error=self._last_error,
            last_scrape_ms=self._last_scrape_ms,
            last_duration_s=self._last_duration_s,
        )

    async def run(self) -> None:
        """Scrape for ever, in a slot of the interval that is the target's own."""
        interval_s = self._interval_ms / 1000
        delay_ms = (self._offset_ms - self._clock.now_ms()) % self._interval_ms
        due = trio.current_time() + delay_ms / 1000
        try:
            while True:
                await trio.sleep_until(due)
                await self.scrape()
                missed = math.floor((trio.current_time() - due) / interval_s)
                self._counters.skipped += missed
                due += (missed + 1) * interval_s
        finally:
            self._client.close()

    async def scrape(self) -> None:
        """Scrape once and store what comes of it: the page's values, or that the target is down."""
        timestamp = self._timestamp()
        began = self._clock.monotonic()
        error = ""
        reading = Reading(OWN_ONLY, np.zeros(len(OWN_NAMES)), np.empty(0, np.int64))
        try:
            with trio.CancelScope(deadline=trio.current_time() + self._timeout_s) as scope:
                reading = await self._read(await self._client.fetch())
            if scope.cancelled_caught:
                error = f"no whole page within {self._timeout_s:g} s"
        except (ScrapeError, ExpositionError) as failure:
            error = str(failure)
        duration = self._clock.monotonic() - began
        self._note(timestamp, duration, error)
        samples = reading.shape.samples
        added = reading.shape.added_to(self._shape)
        reading.vector[: len(OWN_NAMES)] = (not error, duration, samples, samples, added)
        await self._store(timestamp, reading)

    async def leave(self) -> None:
        """Let all series of the target go stale: it is not scraped any more."""
        if self._shape is not None:
            await self._feed.put(self._ends(self._clock.now_ms(), self._keys(self._shape)))

    async def _read(self, raw: RawPage) -> Reading:
        how = page_format(raw.content_type)
        if how is PageFormat.UNREADABLE:
            raise ResponseError(f"the page is {how.value}")
        openmetrics = how is PageFormat.OPENMETRICS
        limit = self.target.config.body_size_limit
        if len(raw.body) < _UNPACK_IN_THREAD_FROM:
            page = decode_body(raw.body, raw.encoding, limit)
        else:
            page = await self._in_thread(partial(decode_body, raw.body, raw.encoding, limit))
        if how is PageFormat.PROTOBUF:
            page, native_only = await self._in_thread(partial(text_of_protobuf, page))
            self._note_native(native_only)
        reading = self._reader.recall(page, openmetrics=openmetrics)
        if reading is not None:
            return reading
        self._counters.pages_learned += 1
        learn = partial(self._reader.learn, page, openmetrics=openmetrics)
        return learn() if len(page) < _LEARN_IN_THREAD_FROM else await self._in_thread(learn)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        # What takes longer than the timeout goes on alone; what it learns serves the next scrape.
        return await trio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)

    def _timestamp(self) -> int:
        """The time of a scrape, on the grid of its interval if it is next to it, and never the one before."""
        now = self._clock.now_ms()
        interval = self._interval_ms
        distance = (now - self._offset_ms + interval // 2) % interval - interval // 2
        if abs(distance) <= min(_SNAP_MS, interval // 100):
            now -= distance
        return now + 1 if now == self._last_scrape_ms else now

    def _note(self, timestamp: int, duration: float, error: str) -> None:
        self._counters.scrapes += 1
        self._counters.failures += bool(error)
        if error != self._last_error:
            _log.info("target down" if error else "target up", url=self.target.endpoint.url, error=error)
        self._last_error, self._last_scrape_ms, self._last_duration_s = error, timestamp, duration

    def _note_native(self, count: int) -> None:
        if count and not self._native_only:
            told = "native histograms without classic buckets: only their sums and counts are taken"
            _log.warning(told, url=self.target.endpoint.url, count=count)
        self._native_only = count

    async def _store(self, timestamp: int, reading: Reading) -> None:
        shape, vector = reading.shape, reading.vector
        items: list[Item] = [
            Vector(part.target or self.target.key, timestamp, part.layout, part.values(vector)) for part in shape.parts
        ]
        if self._shape is not None and self._shape is not shape:
            # Other targets, whose labels the page had in place of its own and has no more.
            items += self._ends(timestamp, self._keys(self._shape) - self._keys(shape))
        self._shape = shape
        if len(shape.loose):
            times = reading.times[shape.loose]
            kept = np.flatnonzero(times <= timestamp + _MOST_AHEAD_MS)
            self._counters.ahead += len(times) - len(kept)
            samples = LooseSamples(kept, times[kept], vector[shape.loose[kept] + len(OWN_NAMES)])
            items.append(Loose(shape.loose_labels, samples))
        await self._feed.put(items)

    def _ends(self, timestamp: int, keys: Iterable[bytes]) -> list[Item]:
        return [SourceEnd(key, SOURCE, timestamp) for key in keys]

    def _keys(self, shape: Shape) -> set[bytes]:
        return {part.target or self.target.key for part in shape.parts}
