"""``/api/v1/query`` and ``query_range``: an expression in, samples out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import trio
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.encoding import encode_result
from vedette_server.api.envelope import success
from vedette_server.api.parameters import Parameters, check_range
from vedette_server.promql import Engine, Result
from vedette_server.storage.interface import Querier
from vedette_shared.clock import Clock

_Answer = TypeVar("_Answer")

DEFAULT_TIMEOUT_MS = 120_000


@dataclass(frozen=True, slots=True)
class Queries:
    """Answers queries in worker threads, a few at once."""

    engine: Engine
    querier: Querier
    clock: Clock
    limiter: trio.CapacityLimiter
    max_steps: int = 11_000

    async def query(self, request: Request) -> Response:
        """An instant query: ``query``, ``time``, ``timeout``."""
        parameters = await Parameters.of(request)
        text = parameters.required("query")
        at = parameters.time_ms("time", self.clock.now_ms())
        return await self._answer(
            parameters,
            lambda deadline, cancelled: self.engine.instant(
                self.querier, text, at, deadline=deadline, cancelled=cancelled
            ),
        )

    async def query_range(self, request: Request) -> Response:
        """A range query: ``query``, ``start``, ``end``, ``step``, ``timeout``."""
        parameters = await Parameters.of(request)
        text = parameters.required("query")
        start, end = parameters.time_ms("start", None), parameters.time_ms("end", None)
        step = parameters.duration_ms("step")
        check_range(start, end, step, self.max_steps)
        return await self._answer(
            parameters,
            lambda deadline, cancelled: self.engine.range(
                self.querier, text, start, end, step, deadline=deadline, cancelled=cancelled
            ),
        )

    async def _answer(self, parameters: Parameters, evaluate: Callable[[float, threading.Event], Result]) -> Response:
        timeout = min(parameters.duration_ms("timeout", DEFAULT_TIMEOUT_MS), DEFAULT_TIMEOUT_MS)
        deadline = time.monotonic() + timeout / 1000

        def work(cancelled: threading.Event) -> Response:
            result = evaluate(deadline, cancelled)
            return success(encode_result(result), result.warnings, result.infos)

        return await run_cancellable(work, self.limiter)


async def run_cancellable(work: Callable[[threading.Event], _Answer], limiter: trio.CapacityLimiter) -> _Answer:
    """Run ``work`` in a worker thread; when its caller goes away the thread is left behind and told to stop."""
    cancelled = threading.Event()
    try:
        return await trio.to_thread.run_sync(work, cancelled, limiter=limiter, abandon_on_cancel=True)
    finally:
        cancelled.set()
