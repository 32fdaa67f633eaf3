"""What is scraped and what its metrics mean: ``targets``, ``scrape_pools`` and ``metadata`` under /api/v1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import bad_parameter
from vedette_server.api.numbers import format_rfc3339
from vedette_server.api.parameters import Parameters
from vedette_server.api.running import Call, Running
from vedette_server.api.selectors import matches, parse_selector
from vedette_server.scrape import TargetStatus
from vedette_server.storage.interface import Matcher, MatchOp, Querier
from vedette_shared.clock import Clock
from vedette_shared.durations import format_duration
from vedette_shared.frames import Metadata
from vedette_shared.labels import METRIC_NAME

RECENT_MS = 300_000
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_info")
"""What follows a family's name in those of its series."""

STATES = ("", "any", "active", "dropped")


@dataclass(frozen=True, slots=True)
class TargetEndpoints:
    """Shows the targets of the scraper and the metadata of the store."""

    targets_now: Callable[[], Sequence[TargetStatus]]
    metadata_now: Callable[[], Mapping[str, Metadata]]
    querier: Querier
    running: Running
    clock: Clock

    async def targets(self, request: Request) -> Response:
        """All targets with their health; ``state`` and ``scrapePool`` choose among them."""
        parameters = await Parameters.of(request)
        state, pool = parameters.text("state"), parameters.text("scrapePool")
        if state not in STATES:
            raise bad_parameter("state", f"{state!r} is none of any, active, dropped")
        active = [] if state == "dropped" else [target for target in self.targets_now() if pool in ("", target.job)]
        return success(
            {
                "activeTargets": [_target(target) for target in active],
                "droppedTargets": [],
                "droppedTargetCounts": {} if state == "active" else dict.fromkeys(self._pools(), 0),
            }
        )

    async def scrape_pools(self, request: Request) -> Response:  # noqa: ARG002
        """The names of the jobs."""
        return success({"scrapePools": self._pools()})

    async def metadata(self, request: Request) -> Response:
        """Type, help and unit of the metrics; ``metric``, ``limit`` and ``limit_per_metric`` choose among them."""
        parameters = await Parameters.of(request)
        metric, limit = parameters.text("metric"), parameters.number("limit", -1)
        parameters.number("limit_per_metric", -1)  # a metric has one entry here, which no such limit leaves out
        known = self.metadata_now()
        names = [name for name in ([metric] if metric else sorted(known)) if name in known]
        if limit >= 0:
            names = names[:limit]
        return success({name: [_metadata(known[name])] for name in names})

    async def target_metadata(self, request: Request) -> Response:
        """What each target says of its metrics; ``match_target``, ``metric`` and ``limit`` choose among them."""
        parameters = await Parameters.of(request)
        text, metric, limit = parameters.text("match_target"), parameters.text("metric"), parameters.number("limit", -1)
        matchers = parse_selector(text, "match_target") if text else ()
        targets = [target for target in self.targets_now() if matches(matchers, target.labels)]

        def work(call: Call) -> Response:  # noqa: ARG001
            entries = [entry for target in targets for entry in self._told_by(target, metric)]
            return success(entries if limit < 0 else entries[:limit])

        return await self.running.answer(request, "targets_metadata", text, work)

    def _told_by(self, target: TargetStatus, metric: str) -> Iterator[dict[str, object]]:
        now = self.clock.now_ms()
        own = [Matcher(name, MatchOp.EQUAL, value) for name, value in target.labels]
        names = set(self.querier.label_values(METRIC_NAME, own, now - RECENT_MS, now))
        known = self.metadata_now()
        for family in [metric] if metric else sorted(known):
            if family in known and not names.isdisjoint(family + suffix for suffix in SUFFIXES):
                name = {} if metric else {"metric": family}
                yield {"target": dict(target.labels), **name, **_metadata(known[family])}

    def _pools(self) -> list[str]:
        return sorted({target.job for target in self.targets_now()})


def _target(target: TargetStatus) -> dict[str, object]:
    return {
        "discoveredLabels": dict(target.discovered_labels),
        "labels": dict(target.labels),
        "scrapePool": target.job,
        "scrapeUrl": target.url,
        "globalUrl": target.url,
        "lastError": target.last_error,
        "lastScrape": format_rfc3339(target.last_scrape_ms),
        "lastScrapeDuration": target.last_duration_s,
        "health": target.health.value,
        "scrapeInterval": format_duration(target.interval_ms),
        "scrapeTimeout": format_duration(target.timeout_ms),
    }


def _metadata(metadata: Metadata) -> dict[str, str]:
    return {"type": metadata.type.value, "help": metadata.help, "unit": metadata.unit}
