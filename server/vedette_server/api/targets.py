"""What is scraped and what its metrics mean: ``targets``, ``scrape_pools`` and ``metadata`` under /api/v1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import bad_parameter
from vedette_server.api.numbers import format_rfc3339
from vedette_server.api.parameters import Parameters
from vedette_server.scrape import TargetStatus
from vedette_shared.durations import format_duration
from vedette_shared.frames import Metadata

STATES = ("", "any", "active", "dropped")


@dataclass(frozen=True, slots=True)
class TargetEndpoints:
    """Shows the targets of the scraper and the metadata of the store."""

    targets_now: Callable[[], Sequence[TargetStatus]]
    metadata_now: Callable[[], Mapping[str, Metadata]]

    async def targets(self, request: Request) -> Response:
        """All targets with their health; ``state`` and ``scrapePool`` choose among them."""
        parameters = await Parameters.of(request)
        state, pool = parameters.text("state"), parameters.text("scrapePool")
        if state not in STATES:
            raise bad_parameter("state", f"{state!r} is none of any, active, dropped")
        active = [] if state == "dropped" else [target for target in self.targets_now() if pool in ("", target.job)]
        data: dict[str, object] = {"activeTargets": [_target(target) for target in active], "droppedTargets": []}
        if state != "active":
            data["droppedTargetCounts"] = dict.fromkeys(self._pools(), 0)
        return success(data)

    async def scrape_pools(self, request: Request) -> Response:  # noqa: ARG002
        """The names of the jobs."""
        return success({"scrapePools": self._pools()})

    async def metadata(self, request: Request) -> Response:
        """Type, help and unit of the metrics; ``metric`` and ``limit`` choose among them."""
        parameters = await Parameters.of(request)
        metric, limit = parameters.text("metric"), parameters.limit()
        known = self.metadata_now()
        names = [name for name in ([metric] if metric else sorted(known)) if name in known]
        return success({name: [_metadata(known[name])] for name in names[: limit or None]})

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
