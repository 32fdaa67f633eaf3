"""``/api/v1/query`` and ``query_range``: an expression in, samples out, within limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.bodies import StreamedResponse
from vedette_server.api.envelope import success_in_pieces
from vedette_server.api.errors import bad_parameter
from vedette_server.api.parameters import Parameters, check_range
from vedette_server.api.quick import LITTLE_POINTS, LITTLE_SAMPLES, Question, QuickQueries
from vedette_server.api.results import encode_result
from vedette_server.api.running import Call, Running
from vedette_server.api.series import TRUNCATED
from vedette_server.api.statistics import explanation, statistics
from vedette_server.promql import Engine, Options, PromQLError, Result
from vedette_server.storage.interface import Querier
from vedette_shared.clock import Clock

Evaluate: TypeAlias = Callable[[Engine, Call], Result]
"""An engine, and the call with its deadline and its sign to give up, in; a result out."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query as it was asked, up to ``end`` (ms)."""

    endpoint: str
    question: Question
    end: int
    evaluate: Evaluate


class Queries:
    """Answers queries in worker threads, a few at once; those that are known to be quick without one."""

    def __init__(self, engine: Engine, querier: Querier, clock: Clock, running: Running) -> None:
        self._engine = engine
        self._querier = querier
        self._clock = clock
        self._running = running
        self._quick = QuickQueries()
        limits = engine.limits
        little = replace(
            limits,
            samples=min(limits.samples or LITTLE_SAMPLES, LITTLE_SAMPLES),
            points=min(limits.points or LITTLE_POINTS, LITTLE_POINTS),
        )
        self._quick_engine = replace(engine, limits=little)

    async def query(self, request: Request) -> Response:
        """An instant query: ``query``, ``time``, and what all queries take."""
        parameters = await Parameters.of(request)
        text = parameters.required("query")
        at = parameters.time_ms("time", self._clock.now_ms())
        options, explain = self._options(parameters), parameters.flag("explain")

        def evaluate(engine: Engine, call: Call) -> Result:
            return engine.instant(
                self._querier,
                text,
                at,
                deadline=call.deadline,
                cancelled=call.cancelled,
                options=options,
                explain=explain,
            )

        question = Question(text, 0, 0, options.lookback)
        return await self._answer(request, parameters, _Asked("query", question, at, evaluate))

    async def query_range(self, request: Request) -> Response:
        """A range query: ``query``, ``start``, ``end``, ``step``, and what all queries take."""
        parameters = await Parameters.of(request)
        text = parameters.required("query")
        start, end = parameters.time_ms("start", None), parameters.time_ms("end", None)
        step = parameters.duration_ms("step")
        check_range(start, end, step, self._engine.limits.steps)
        options, explain = self._options(parameters), parameters.flag("explain")

        def evaluate(engine: Engine, call: Call) -> Result:
            return engine.range(
                self._querier,
                text,
                start,
                end,
                step,
                deadline=call.deadline,
                cancelled=call.cancelled,
                options=options,
                explain=explain,
            )

        question = Question(text, end - start, step, options.lookback)
        return await self._answer(request, parameters, _Asked("query_range", question, end, evaluate))

    def _options(self, parameters: Parameters) -> Options:
        """The engine's own, with another lookback if one is asked for; 0 asks for none, as in Prometheus."""
        lookback = parameters.duration_ms("lookback_delta", 0)
        return replace(self._engine.options, lookback=lookback) if lookback > 0 else self._engine.options

    async def _answer(self, request: Request, parameters: Parameters, asked: _Asked) -> Response:
        question, end = asked.question, asked.end
        respond = self._responder(parameters, asked.evaluate)

        def work(call: Call) -> Response:
            begin = time.thread_time()
            response = respond(self._engine, call)
            if not isinstance(response, StreamedResponse):
                self._quick.note(question, end, time.thread_time() - begin)
            return response

        def quick(call: Call) -> Response | None:
            begin = time.thread_time()
            try:
                response = respond(self._quick_engine, call)
            except PromQLError as error:
                if error.limit not in ("samples", "points"):
                    raise
                self._quick.forget(question)
                return None
            self._quick.note(question, end, time.thread_time() - begin)
            return response

        return await self._running.answer(
            request,
            asked.endpoint,
            question.text,
            work,
            parameters.duration_ms("timeout", self._running.timeout_ms),
            quick=quick if self._quick.has(question, end) else None,
        )

    def _responder(self, parameters: Parameters, evaluate: Evaluate) -> Callable[[Engine, Call], Response]:
        """What evaluates a query and makes the answer."""
        limit, stats = parameters.limit(), parameters.text("stats")

        def respond(engine: Engine, call: Call) -> Response:
            try:
                result = evaluate(engine, call)
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

        return respond


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
