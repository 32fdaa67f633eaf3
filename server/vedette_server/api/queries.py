"""``/api/v1/query`` and ``query_range``: an expression in, samples out, within limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success_in_pieces
from vedette_server.api.errors import bad_parameter
from vedette_server.api.parameters import Parameters, check_range
from vedette_server.api.results import encode_result
from vedette_server.api.running import Call, Running
from vedette_server.api.series import TRUNCATED
from vedette_server.api.statistics import explanation, statistics
from vedette_server.promql import Engine, Options, PromQLError, Result
from vedette_server.storage.interface import Querier
from vedette_shared.clock import Clock

Evaluate: TypeAlias = Callable[[float, threading.Event], Result]
"""A deadline and a sign to give up in, a result out."""


class Queries:
    """Answers queries in worker threads, a few at once."""

    def __init__(self, engine: Engine, querier: Querier, clock: Clock, running: Running) -> None:
        self._engine = engine
        self._querier = querier
        self._clock = clock
        self._running = running

    async def query(self, request: Request) -> Response:
        """An instant query: ``query``, ``time``, and what all queries take."""
        parameters = await Parameters.of(request)
        text = parameters.required("query")
        at = parameters.time_ms("time", self._clock.now_ms())
        options, explain = self._options(parameters), parameters.flag("explain")

        def evaluate(deadline: float, cancelled: threading.Event) -> Result:
            return self._engine.instant(
                self._querier, text, at, deadline=deadline, cancelled=cancelled, options=options, explain=explain
            )

        return await self._answer(request, "query", parameters, text, evaluate)

    async def query_range(self, request: Request) -> Response:
        """A range query: ``query``, ``start``, ``end``, ``step``, and what all queries take."""
        parameters = await Parameters.of(request)
        text = parameters.required("query")
        start, end = parameters.time_ms("start", None), parameters.time_ms("end", None)
        step = parameters.duration_ms("step")
        check_range(start, end, step, self._engine.limits.steps)
        options, explain = self._options(parameters), parameters.flag("explain")

        def evaluate(deadline: float, cancelled: threading.Event) -> Result:
            return self._engine.range(
                self._querier,
                text,
                start,
                end,
                step,
                deadline=deadline,
                cancelled=cancelled,
                options=options,
                explain=explain,
            )

        return await self._answer(request, "query_range", parameters, text, evaluate)

    def _options(self, parameters: Parameters) -> Options:
        """The engine's own, with another lookback if one is asked for; 0 asks for none, as in Prometheus."""
        lookback = parameters.duration_ms("lookback_delta", 0)
        return replace(self._engine.options, lookback=lookback) if lookback > 0 else self._engine.options

    async def _answer(
        self, request: Request, endpoint: str, parameters: Parameters, text: str, evaluate: Evaluate
    ) -> Response:
        limit, stats = parameters.limit(), parameters.text("stats")
        timeout = parameters.duration_ms("timeout", self._running.timeout_ms)

        def work(call: Call) -> Response:
            try:
                result = evaluate(call.deadline, call.cancelled)
            except PromQLError as error:
                if error.error_type != "bad_data":
                    raise
                raise bad_parameter("query", str(error), limit=error.limit) from error
            call.samples = result.loaded
            shown, cut = _limited(result, limit)
            extra: dict[str, object] = {}
            if stats:
                extra["stats"] = statistics(call, result)
            if result.plan:
                extra["explain"] = explanation(result.plan)
            warnings = [*result.warnings, *([TRUNCATED] if cut else [])]
            return success_in_pieces(encode_result(shown, extra), self._running.encoding, warnings, result.infos)

        return await self._running.answer(request, endpoint, text, work, timeout)


def _limited(result: Result, limit: int) -> tuple[Result, bool]:
    """Return (``result`` with no more than ``limit`` series, whether any were left out); 0 is no limit."""
    if not limit or len(result.labels) <= limit or result.type not in ("vector", "matrix"):
        return result, False
    labels = result.labels.take(np.arange(limit))
    samples = result.samples
    if samples is None:
        return replace(result, labels=labels, values=result.values[:limit], present=result.present[:limit]), True
    first = replace(samples, labels=labels, clocks=samples.clocks[:limit], offsets=samples.offsets[: limit + 1])
    return replace(result, labels=labels, samples=first), True
