"""Runs queries in worker threads: a few at once, each with a deadline, none for a client that has left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import outcome
import trio
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.errors import ApiError
from vedette_server.promql import PromQLError
from vedette_server.storage.errors import TooManySamplesError
from vedette_shared.labels import make_labels
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily, counter, gauge

_log = get_logger(__name__)

SHOWN_CHARACTERS = 500


@dataclass(slots=True)
class Call:
    """One query on its way. Times are of ``time.monotonic()``.

    Attributes:
        deadline: When it is given up.
        cancelled: Set when nobody waits for it any more.
        asked: When it came.
        begun: When a thread took it up.
        samples: How many samples it loaded.
    """

    deadline: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    asked: float = field(default_factory=time.monotonic)
    begun: float = 0.0
    samples: int = 0


@dataclass(slots=True)
class Running:
    """The queries that are being answered, and the counts of those that were.

    Attributes:
        limiter: Bounds how many are evaluated at once.
        timeout_ms: The longest that one may take, waiting included.
        slow_ms: A query that takes longer is logged; 0 to log none.
    """

    limiter: trio.CapacityLimiter
    timeout_ms: int
    slow_ms: int
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    samples: int = 0

    async def answer(self, request: Request, text: str, timeout_ms: int, work: Callable[[Call], Response]) -> Response:
        """Return what ``work``, run in a thread, makes of its call.

        Raises:
            ApiError: it took too long, or its client left.
            PromQLError, StorageError: as ``work``.
        """
        call = Call(time.monotonic() + min(timeout_ms, self.timeout_ms) / 1000)
        ending = "canceled"
        try:
            response = await self._until_left(request, call, work)
            ending = "success"
            return response
        except (ApiError, PromQLError) as error:
            ending = error.error_type
            raise
        except TooManySamplesError as error:
            ending = "execution"
            raise ApiError(ending, str(error)) from error
        finally:
            call.cancelled.set()
            self._count(call, ending, text)

    async def _until_left(self, request: Request, call: Call, work: Callable[[Call], Response]) -> Response:
        """Run ``work`` while its client waits."""

        def begin() -> outcome.Outcome[Response]:
            call.begun = time.monotonic()
            return outcome.capture(work, call)

        ended: outcome.Outcome[Response] | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_watch, request, nursery.cancel_scope)
            with trio.move_on_at(trio.current_time() + call.deadline - time.monotonic()):
                ended = await trio.to_thread.run_sync(begin, limiter=self.limiter, abandon_on_cancel=True)
            nursery.cancel_scope.cancel()
        if ended is not None:
            return ended.unwrap()
        if time.monotonic() >= call.deadline:
            where = "query execution" if call.begun else "the queue of queries"
            raise ApiError("timeout", f"query timed out in {where}")
        raise ApiError("canceled", "query was canceled: its client left")

    def _count(self, call: Call, ending: str, text: str) -> None:
        now = time.monotonic()
        self.counts[ending] += 1
        self.seconds += now - call.asked
        self.samples += call.samples
        if self.slow_ms and (now - call.asked) * 1000 >= self.slow_ms:
            _log.warning(
                "slow query",
                query=text[:SHOWN_CHARACTERS],
                seconds=round(now - call.asked, 3),
                queued=round((call.begun or now) - call.asked, 3),
                samples=call.samples,
                outcome=ending,
            )

    def metrics(self) -> Iterator[MetricFamily]:
        """What queries cost so far."""
        queries = counter("vedette_queries_total", "Queries answered, by what became of them.")
        for ending in sorted({"success", *self.counts}):
            queries.add(self.counts[ending], make_labels(outcome=ending))
        yield queries
        yield counter("vedette_query_seconds_total", "Time from queries' arrival to their answer.", self.seconds)
        yield counter("vedette_query_samples_total", "Samples that queries loaded.", self.samples)
        yield gauge("vedette_queries_running", "Queries being evaluated.", self.limiter.borrowed_tokens)
        yield gauge("vedette_queries_max", "Queries that may be evaluated at once.", self.limiter.total_tokens)


async def _watch(request: Request, scope: trio.CancelScope) -> None:
    """Cancel ``scope`` when the client of ``request``, whose body is read, disconnects."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
