"""An application as a source of the agent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import trio

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.fetch import PageFetcher
from vedette_agent.apps.page import Page, read_page
from vedette_agent.apps.times import heed_times
from vedette_agent.sources.interface import PlainSource
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.metrics import MetricFamily

LARGE_BYTES = 64 * 2**10
"""A page that is larger is read in a thread, so that nothing else waits for it."""

_readers = trio.CapacityLimiter(2)


class AppSource(PlainSource):
    """Scrapes one application.

    Args:
        target: Where its page is.
        fetcher: Fetches it.
        interval_ms: From one collection to the next.
        timeout: Seconds for a page.
        host: The label of this host.
        labels: Those of this host; the target's own go before them.
        clock: Tells which times that the page states are in the future.
    """

    reports_up = True

    def __init__(
        self,
        target: TargetConfig,
        fetcher: PageFetcher,
        *,
        interval_ms: int,
        timeout: float,
        host: str,
        labels: Mapping[str, str],
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self.name = target.name
        self.job = target.job
        self.interval_ms = interval_ms
        self.timeout = timeout
        self.host, self.instance = host, target.instance_name
        # On a page, which has one job for whoever scrapes it, it tells the application's series from others.
        self.labels = {**labels, **target.labels, "job": target.job}
        self._kind, self._url, self._honors_times = target.kind, target.url, target.honor_timestamps
        self._clock = clock or SystemClock()
        self._fetcher = fetcher
        self._is_running = False
        self._problems: Mapping[str, str] = {}
        self._cpu = 0.0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._is_running = True
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            self._is_running = False
            with trio.CancelScope(shield=True):
                await self._fetcher.aclose()

    async def collect(self) -> Sequence[MetricFamily]:
        try:
            body, content_type = await self._fetcher.fetch()
        finally:
            if not self._is_running:
                with trio.CancelScope(shield=True):
                    await self._fetcher.aclose()
        if len(body) > LARGE_BYTES:
            page = await trio.to_thread.run_sync(
                self._read, body, content_type, limiter=_readers, abandon_on_cancel=True
            )
        else:
            page = self._read(body, content_type)
        self._last, self._problems = page.families, page.problems
        return self._last

    def problems(self) -> dict[str, str]:
        return dict(self._problems)

    def cpu_seconds(self) -> float:
        return self._cpu

    def _read(self, body: bytes, content_type: str) -> Page:
        start = time.thread_time()
        try:
            page = read_page(body, content_type, self._kind, self._url, honor_timestamps=self._honors_times)
            families, ahead = heed_times(page.families, self._clock.now_ms())
            if not ahead:
                return page
            told = f"{ahead} samples are of more than 10 minutes from now, and left out"
            return Page(families, {**page.problems, "timestamps": told})
        finally:
            self._cpu += time.thread_time() - start
