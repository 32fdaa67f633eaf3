"""``/federate``: the newest samples of chosen series as a page of metrics, for another Prometheus to scrape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.parameters import Parameters
from vedette_server.api.running import Call, Running
from vedette_server.api.selectors import selectors
from vedette_server.storage.interface import Matcher, Querier, SelectHints
from vedette_shared.clock import Clock
from vedette_shared.exposition import TEXT_CONTENT_TYPE, write_text
from vedette_shared.frames import STALE_BITS
from vedette_shared.labels import METRIC_NAME, Labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_INSTANCE = ("instance", "")
_STALE = np.uint64(STALE_BITS)


@dataclass(frozen=True, slots=True)
class Federation:
    """Serves pages of newest samples.

    Attributes:
        lookback_ms: How old a sample may be.
        max_samples: How many may be read for one page.
    """

    querier: Querier
    running: Running
    clock: Clock
    lookback_ms: int
    max_samples: int

    async def page(self, request: Request) -> Response:
        """The newest sample of each series that any ``match[]`` selects, with its timestamp and without a type."""
        parameters = await Parameters.of(request)
        chosen = selectors(parameters)
        now = self.clock.now_ms()

        def work(call: Call) -> Response:
            newest: dict[Labels, tuple[int, float]] = {}
            for matchers in chosen:
                newest.update(self._newest(matchers, now, call))
            return Response(write_text(_families(newest)), media_type=TEXT_CONTENT_TYPE)

        return await self.running.answer(request, "federate", " or ".join(parameters.all("match[]")), work)

    def _newest(self, matchers: Sequence[Matcher], now: int, call: Call) -> Iterator[tuple[Labels, tuple[int, float]]]:
        hints = SelectHints(limit=max(self.max_samples - call.samples, 1))
        found = self.querier.select(matchers, now - self.lookback_ms, now, hints)
        call.samples += len(found.values)
        last = found.offsets[1:] - 1
        values = found.values[last]
        times = found.timestamps[found.clocks + np.diff(found.offsets) - 1]
        for row in np.flatnonzero(values.view(np.uint64) != _STALE).tolist():
            yield found.labels.labels(row), (int(times[row]), float(values[row]))


def _families(newest: dict[Labels, tuple[int, float]]) -> Iterator[MetricFamily]:
    """Yield the families by name. A series without an instance says so, lest it gets the scraped server's."""
    families: dict[str, MetricFamily] = {}
    for labels, (time, value) in sorted(newest.items()):
        rest = tuple(pair for pair in labels if pair[0] != METRIC_NAME)
        name = dict(labels).get(METRIC_NAME)
        if name is None:
            continue
        if all(key != _INSTANCE[0] for key, _ in rest):
            rest = tuple(sorted((*rest, _INSTANCE)))
        family = families.setdefault(name, MetricFamily(name, MetricType.UNKNOWN))
        family.samples.append(Sample(name, rest, value, time))
    yield from (families[name] for name in sorted(families))
