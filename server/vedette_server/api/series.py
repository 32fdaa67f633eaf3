"""What series there are: ``labels``, ``label/NAME/values`` and ``series`` under /api/v1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success, success_in_pieces
from vedette_server.api.errors import ApiError
from vedette_server.api.label_names import is_label_name, unescape_name
from vedette_server.api.parameters import Parameters
from vedette_server.api.results import encode_label_sets
from vedette_server.api.running import Call, Running
from vedette_server.api.selectors import required_selectors, selectors
from vedette_server.promql import columns
from vedette_server.storage.interface import LabelColumns, Matcher, Querier

TRUNCATED = "results truncated due to limit"


@dataclass(frozen=True, slots=True)
class SeriesEndpoints:
    """Looks series up, without reading their samples."""

    querier: Querier
    running: Running

    async def labels(self, request: Request) -> Response:
        """The names of all labels of the series that any ``match[]`` selects."""
        parameters = await Parameters.of(request)
        return await self._union(request, "labels", parameters, self.querier.label_names)

    async def label_values(self, request: Request) -> Response:
        """The values of one label among the series that any ``match[]`` selects."""
        parameters = await Parameters.of(request)
        name = unescape_name(request.path_params["name"])
        if not is_label_name(name):
            raise ApiError("bad_data", f'invalid label name: "{name}"')

        def look_up(matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
            return self.querier.label_values(name, matchers, start, end)

        return await self._union(request, "label_values", parameters, look_up)

    async def series(self, request: Request) -> Response:
        """The label sets of the series that any ``match[]`` selects, sorted."""
        parameters = await Parameters.of(request)
        chosen = required_selectors(parameters)
        limit = parameters.limit()
        start, end = parameters.time_range()

        def work(call: Call) -> Response:  # noqa: ARG001
            found = _joined([self.querier.series(matchers, start, end) for matchers in chosen])
            cut = 0 < limit < len(found)
            pieces = encode_label_sets(found.take(np.arange(limit)) if cut else found)
            return success_in_pieces(pieces, self.running.encoding, [TRUNCATED] if cut else [])

        return await self.running.answer(request, "series", " or ".join(parameters.all("match[]")), work)

    async def _union(
        self,
        request: Request,
        endpoint: str,
        parameters: Parameters,
        look_up: Callable[[Sequence[Matcher], int, int], list[str]],
    ) -> Response:
        chosen = selectors(parameters) or [()]
        limit = parameters.limit()
        start, end = parameters.time_range()

        def work(call: Call) -> Response:  # noqa: ARG001
            texts = sorted({text for matchers in chosen for text in look_up(matchers, start, end)})
            cut = 0 < limit < len(texts)
            return success(texts[:limit] if cut else texts, [TRUNCATED] if cut else [])

        return await self.running.answer(request, endpoint, " or ".join(parameters.all("match[]")), work)


def _joined(parts: Sequence[LabelColumns]) -> LabelColumns:
    """The label sets of all ``parts``, each once, sorted."""
    found = columns.concatenate(parts)
    if len(parts) > 1:
        _, first = columns.group_rows(found, found.names())
        found = found.take(first)
    return found.take(columns.sort_order(found))
