"""What series there are: ``labels``, ``label/NAME/values``, ``series`` and ``metadata`` under /api/v1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import trio
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import bad_parameter
from vedette_server.api.parameters import Parameters
from vedette_server.promql import parse
from vedette_server.promql.nodes import VectorSelector
from vedette_server.storage.interface import Matcher, Querier
from vedette_shared.clock import Clock

_Selectors = list[tuple[Matcher, ...]]


@dataclass(frozen=True, slots=True)
class SeriesEndpoints:
    """Looks series up, without reading their samples."""

    querier: Querier
    clock: Clock
    limiter: trio.CapacityLimiter

    async def labels(self, request: Request) -> Response:
        """The names of all labels of the series that any ``match[]`` selects."""
        parameters = await Parameters.of(request)
        names = await self._union(parameters, self.querier.label_names)
        return success(_limited(names, parameters.limit()))

    async def label_values(self, request: Request) -> Response:
        """The values of one label among the series that any ``match[]`` selects."""
        parameters = await Parameters.of(request)
        name = request.path_params["name"]
        values = await self._union(
            parameters, lambda matchers, start, end: self.querier.label_values(name, matchers, start, end)
        )
        return success(_limited(values, parameters.limit()))

    async def series(self, request: Request) -> Response:
        """The label sets of the series that any ``match[]`` selects."""
        parameters = await Parameters.of(request)
        selectors = _selectors(parameters)
        if not selectors:
            raise bad_parameter("match[]", "at least one selector is required")
        start, end = self._range(parameters)

        def look_up() -> list[dict[str, str]]:
            found = {}
            for matchers in selectors:
                columns = self.querier.series(matchers, start, end)
                found.update({labels: dict(labels) for labels in map(columns.labels, range(len(columns)))})
            return [found[labels] for labels in sorted(found)]

        return success(_limited(await trio.to_thread.run_sync(look_up, limiter=self.limiter), parameters.limit()))

    async def _union(
        self, parameters: Parameters, look_up: Callable[[Sequence[Matcher], int, int], list[str]]
    ) -> list[str]:
        selectors = _selectors(parameters) or [()]
        start, end = self._range(parameters)

        def look_all_up() -> list[str]:
            return sorted({text for matchers in selectors for text in look_up(matchers, start, end)})

        return await trio.to_thread.run_sync(look_all_up, limiter=self.limiter)

    def _range(self, parameters: Parameters) -> tuple[int, int]:
        start, end = parameters.time_ms("start", 0), parameters.time_ms("end", self.clock.now_ms())
        if end < start:
            raise bad_parameter("end", "end timestamp must not be before start time")
        return start, end


def _selectors(parameters: Parameters) -> _Selectors:
    return [_matchers(text) for text in parameters.all("match[]")]


def _matchers(text: str) -> tuple[Matcher, ...]:
    selector = parse(text)
    if not isinstance(selector, VectorSelector):
        raise bad_parameter("match[]", f"{text!r} is not a plain selector of series")
    return selector.matchers


def _limited(entries: list[object] | list[str] | list[dict[str, str]], limit: int) -> Sequence[object]:
    return entries[:limit] if limit else entries
