"""``/api/v1/query`` and ``query_range``: an expression in, samples out, within limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.encoding import encode_result
from vedette_server.api.envelope import success
from vedette_server.api.parameters import Parameters, check_range
from vedette_server.api.running import Call, Running
from vedette_server.api.statistics import explanation, statistics
from vedette_server.promql import Engine, Options, Result, format_query, parse
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

        return await self._answer(request, parameters, text, evaluate)

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

        return await self._answer(request, parameters, text, evaluate)

    async def format_query(self, request: Request) -> Response:
        """The query as it is best written."""
        parameters = await Parameters.of(request)
        return success(format_query(parse(parameters.required("query"))))

    def _options(self, parameters: Parameters) -> Options:
        lookback = parameters.duration_ms("lookback_delta", self._engine.options.lookback)
        return replace(self._engine.options, lookback=lookback)

    async def _answer(self, request: Request, parameters: Parameters, text: str, evaluate: Evaluate) -> Response:
        limit, stats = parameters.limit(), parameters.text("stats")
        timeout = parameters.duration_ms("timeout", self._running.timeout_ms)

        def work(call: Call) -> Response:
            result = evaluate(call.deadline, call.cancelled)
            call.samples = result.loaded
            warnings = list(result.warnings)
            shown, cut = _limited(result, limit)
            if cut:
                warnings.append("results truncated due to limit")
            extra: dict[str, object] = {}
            if stats:
                extra["stats"] = statistics(call, result)
            if result.plan:
                extra["explain"] = explanation(result.plan)
            return success(encode_result(shown, extra), warnings, result.infos)

        return await self._running.answer(request, text, timeout, work)


def _limited(result: Result, limit: int) -> tuple[Result, bool]:
    """Return (``result`` with no more than ``limit`` series, whether any were left out); 0 is no limit."""
    if not limit or result.type not in ("vector", "matrix") or result.samples is not None:
        return result, False
    if len(result.labels) <= limit:
        return result, False
    first = np.arange(limit)
    labels = result.labels.take(first)
    return replace(result, labels=labels, values=result.values[:limit], present=result.present[:limit]), True
