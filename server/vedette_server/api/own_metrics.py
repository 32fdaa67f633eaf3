"""``/metrics``: what the server says of itself, gathered from its parts at each request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from vedette_shared.exposition import TEXT_CONTENT_TYPE, write_text
from vedette_shared.metrics import MetricFamily


@dataclass(frozen=True, slots=True)
class OwnMetrics:
    """Serves what ``families`` returns at each request."""

    families: Callable[[], Iterable[MetricFamily]]

    async def page(self, request: Request) -> Response:  # noqa: ARG002
        """The page in the text format."""
        return Response(write_text(self.families()), media_type=TEXT_CONTENT_TYPE)
