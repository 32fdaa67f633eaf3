"""What the agent shows on its pages, out of the setup that runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import trio

from vedette_agent.expose.frames import FramePages
from vedette_agent.expose.page import SourceStatus
from vedette_agent.setup import Setup
from vedette_agent.sources.framing import with_target
from vedette_agent.sources.interface import Collection
from vedette_agent.sources.runner import SourceRunner
from vedette_shared.metrics import MetricFamily, count_samples

PATIENCE_S = 3.0
"""How long a page waits for a collection that is under way, before it shows what there is."""


class SetupBoard:
    """The board of the pages; ``setup`` returns what runs now."""

    def __init__(self, setup: Callable[[], Setup], agent: str) -> None:
        self._setup = setup
        self._frame_pages = FramePages(agent)

    async def families(self) -> Sequence[MetricFamily]:
        runners = self._setup().runners
        return [
            family
            for name, collection in await self._collections()
            if name in runners
            for family in with_target(collection.families, runners[name].source)
        ]

    async def parts(self) -> Mapping[str, Sequence[MetricFamily]]:
        await self._collections()
        runners = self._setup().runners.values()
        return {
            name: with_target(families, runner.source)
            for runner in runners
            for name, families in runner.source.parts().items()
        }

    async def frames(self) -> bytes:
        collections = await self._collections()
        framings = self._setup().framings
        return self._frame_pages.encode(
            frame
            for name, collection in collections
            if name in framings
            for frame in framings[name].frames_of(collection)
        )

    def sources(self) -> list[SourceStatus]:
        setup = self._setup()
        return [_status(runner, setup.framings[name].limited) for name, runner in setup.runners.items()]

    async def _collections(self) -> list[tuple[str, Collection]]:
        """The last collection of each source; those that are old are made anew, all at the same time."""
        runners = self._setup().runners
        found: dict[str, Collection] = {}

        async def fetch(name: str, runner: SourceRunner) -> None:
            collection = await runner.fresh(runner.source.fresh_for, PATIENCE_S)
            if collection is not None:
                found[name] = collection

        async with trio.open_nursery() as nursery:
            for name, runner in runners.items():
                nursery.start_soon(fetch, name, runner)
        return [(name, found[name]) for name in runners if name in found]


def _status(runner: SourceRunner, limited_bytes: int) -> SourceStatus:
    latest, source = runner.latest, runner.source
    return SourceStatus(
        name=source.name,
        job=source.job,
        interval=source.interval_ms / 1000,
        age=None if math.isinf(runner.age) else runner.age,
        duration=latest.duration if latest is not None else 0.0,
        series=count_samples(latest.families) if latest is not None else 0,
        error=latest.error if latest is not None else "",
        failures=runner.counters.failures,
        limited={**runner.counters.limited, "bytes": limited_bytes},
        problems=source.problems(),
    )
