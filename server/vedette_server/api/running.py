"""Runs queries in worker threads: a few at once, each with a deadline, none for a client that has left."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import outcome
import trio
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.bodies import cancel_when_left
from vedette_server.api.errors import ApiError
from vedette_server.compiled import threads_waiting
from vedette_server.promql import PromQLError
from vedette_server.storage.errors import StorageError, TooManySamplesError
from vedette_shared.labels import make_labels
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily, counter, gauge

_log = get_logger(__name__)

SHOWN_CHARACTERS = 500
COMPILING_S = 2
"""Once after an installation a large query may meet kernels that are not compiled yet; it waits no longer for them."""

LIMITS = ("body", "depth", "length", "points", "queue", "samples", "steps", "time")
"""The names of the limits, as the counter of what they refused has them."""


@dataclass(slots=True)
class Call:
    """One query on its way. Times are of ``time.monotonic()``.

    Attributes:
        endpoint: What was asked.
        text: The query, or what stands for it in the log.
        deadline: When it is given up.
        cancelled: Set when nobody waits for it any more.
        asked: When it came.
        begun: When a thread took it up.
        samples: How many samples it loaded.
        compiling: Whether it is given up because it would wait for the compiler.
    """

    endpoint: str
    text: str
    deadline: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    asked: float = field(default_factory=time.monotonic)
    begun: float = 0.0
    samples: int = 0
    compiling: bool = False


@dataclass(slots=True)
class Running:
    """The queries that are being answered, and the counts of those that were.

    Attributes:
        limiter: Bounds how many are evaluated at once.
        timeout_ms: The longest that one may take, waiting included.
        slow_ms: A query that takes longer is logged; 0 to log none.
        queue: How many may wait for their turn; more are refused.
        encoding: Bounds how many large answers are written at once.
    """

    limiter: trio.CapacityLimiter
    timeout_ms: int
    slow_ms: int
    queue: int = 500
    encoding: trio.CapacityLimiter = field(default_factory=lambda: trio.CapacityLimiter(os.cpu_count() or 1))
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    samples: int = 0

    async def answer(
        self,
        request: Request,
        endpoint: str,
        text: str,
        work: Callable[[Call], Response],
        timeout_ms: int | None = None,
        *,
        quick: Callable[[Call], Response | None] | None = None,
    ) -> Response:
        """Return what ``work``, run in a thread, makes of its call.

        Args:
            request: Whoever waits; its body is read.
            endpoint: The name in the counters.
            text: What to show in the log.
            work: Called with the call, whose deadline and sign to give up it should heed.
            timeout_ms: Less time than the server's own.
            quick: Does the same in a few milliseconds without a thread, or gives ``None`` where it cannot.

        Raises:
            ApiError: too many wait, it took too long, or its client left.
            PromQLError, StorageError: as ``work``.
        """
        timeout = self.timeout_ms if timeout_ms is None else min(timeout_ms, self.timeout_ms)
        call = Call(endpoint, text, time.monotonic() + timeout / 1000)
        ending = "canceled"
        try:
            response = None
            if quick is not None:
                call.begun = time.monotonic()
                response = quick(call)
            if response is None:
                response = await self._until_left(request, call, work)
            ending = "success"
            return response
        except TooManySamplesError as error:
            ending = "execution"
            raise ApiError(ending, str(error), limit="samples") from error
        except (ApiError, PromQLError) as error:
            ending = error.error_type
            raise
        except StorageError:
            ending = "internal"
            raise
        finally:
            call.cancelled.set()
            self._count(call, ending)

    async def _until_left(self, request: Request, call: Call, work: Callable[[Call], Response]) -> Response:
        """Run ``work`` while its client waits."""
        if self.limiter.statistics().tasks_waiting >= self.queue:
            raise ApiError("unavailable", f"{self.queue} queries wait already; try again later", limit="queue")

        def begin() -> outcome.Outcome[Response]:
            call.begun = time.monotonic()
            return outcome.capture(work, call)

        ended: outcome.Outcome[Response] | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_when_left, request.receive, nursery.cancel_scope)
            nursery.start_soon(_cancel_when_compiling, call, nursery.cancel_scope)
            with trio.move_on_at(trio.current_time() + call.deadline - time.monotonic()):
                ended = await trio.to_thread.run_sync(begin, limiter=self.limiter, abandon_on_cancel=True)
            nursery.cancel_scope.cancel()
        if ended is not None:
            return ended.unwrap()
        if time.monotonic() >= call.deadline:
            where = "query execution" if call.begun else "the queue of queries"
            raise ApiError("timeout", f"query timed out in {where}", limit="time")
        if call.compiling:
            raise ApiError("unavailable", "the server still compiles what large queries need; try again in a minute")
        raise ApiError("canceled", "query was canceled: its client left")

    def _count(self, call: Call, ending: str) -> None:
        now = time.monotonic()
        self.counts[call.endpoint, ending] += 1
        self.seconds += now - call.asked
        self.samples += call.samples
        if self.slow_ms and (now - call.asked) * 1000 >= self.slow_ms:
            _log.warning(
                "slow query",
                query=call.text[:SHOWN_CHARACTERS],
                endpoint=call.endpoint,
                seconds=round(now - call.asked, 3),
                queued=round((call.begun or now) - call.asked, 3),
                samples=call.samples,
                outcome=ending,
            )

    def metrics(self) -> Iterator[MetricFamily]:
        """What queries cost so far."""
        queries = counter("vedette_queries_total", "Queries answered, by what was asked and what became of it.")
        for endpoint, ending in sorted(self.counts):
            queries.add(self.counts[endpoint, ending], make_labels(endpoint=endpoint, outcome=ending))
        yield queries
        refusals = counter("vedette_query_refusals_total", "Queries refused or ended, by the limit that they exceeded.")
        for limit in LIMITS:
            refusals.add(self.refusals[limit], make_labels(limit=limit))
        yield refusals
        yield counter("vedette_query_seconds_total", "Time from queries' arrival to their answer.", self.seconds)
        yield counter("vedette_query_samples_total", "Samples that queries loaded.", self.samples)
        yield gauge("vedette_queries_running", "Queries being evaluated.", self.limiter.borrowed_tokens)
        yield gauge(
            "vedette_queries_waiting", "Queries that wait for their turn.", self.limiter.statistics().tasks_waiting
        )
        yield gauge("vedette_queries_max", "Queries that may be evaluated at once.", self.limiter.total_tokens)


async def _cancel_when_compiling(call: Call, scope: trio.CancelScope) -> None:
    """Cancel the scope when threads wait for the compiler, once the call has waited for long enough."""
    await trio.sleep(COMPILING_S)
    while not threads_waiting():  # noqa: ASYNC110 - those threads do not know of trio
        await trio.sleep(COMPILING_S / 10)
    call.compiling = True
    scope.cancel()
