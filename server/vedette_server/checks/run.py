"""Evaluates the checks on time: queries in a worker thread, everything else here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import trio

from vedette_server.checks.cycle import CheckCycle
from vedette_server.checks.findings import Findings, QueryFunction, QueryResult
from vedette_server.checks.schedule import HOSTS, Due, Schedule
from vedette_server.promql.engine import Engine
from vedette_server.promql.errors import PromQLError
from vedette_server.promql.nodes import Expr
from vedette_server.storage.interface import Querier
from vedette_shared.clock import Clock
from vedette_shared.errors import VedetteError
from vedette_shared.logs import get_logger

QUERY_TIMEOUT_S = 30.0

_log = get_logger(__name__)

Publish = Callable[[Findings], Awaitable[None]]
"""Makes findings durable and tells people."""


def query_of(engine: Engine, querier: Querier) -> QueryFunction:
    """Return the function that answers checks' queries from a store."""

    def answer(query: Expr, time_ms: int, deadline: float) -> QueryResult:
        return engine.instant(querier, query, time_ms, deadline=deadline)

    return answer


async def run_checks(
    cycle: CheckCycle,
    query: QueryFunction,
    publish: Publish,
    clock: Clock,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Evaluate every check at its interval until cancelled."""
    runner = _Runner(cycle, query, publish, clock)
    task_status.started()
    await runner.run()


class _Runner:
    def __init__(self, cycle: CheckCycle, query: QueryFunction, publish: Publish, clock: Clock) -> None:
        self._cycle = cycle
        self._query = query
        self._publish = publish
        self._clock = clock
        self._limiter = trio.CapacityLimiter(1)
        intervals = {check.name: check.interval.seconds for check in cycle.checks}
        self._schedule = Schedule({HOSTS: cycle.config.hosts.interval.seconds} | intervals, clock.monotonic())

    async def run(self) -> None:
        while True:
            now = self._clock.monotonic()
            due = self._schedule.due(now)
            for one in due:
                await self._evaluate(one)
            if any(one.new_only for one in due):
                end = self._clock.monotonic()
                self._schedule.discovered(end, end - now)
            if not len(self._cycle.hosts):
                self._schedule.settle(now)
            await trio.sleep(max(0.0, self._schedule.next_time() - self._clock.monotonic()))

    async def _evaluate(self, due: Due) -> None:
        cycle, now = self._cycle, self._clock.now_ms()
        try:
            if due.name == HOSTS:
                findings = cycle.see_hosts(await self._ask(cycle.seen, now), now)
            else:
                result = await self._ask(cycle.queries[due.name], now)
                evaluate = cycle.discover if due.new_only else cycle.evaluate
                findings = evaluate(due.name, result, now)
        except VedetteError as error:
            if not due.new_only:
                _log.error("a check could not be evaluated", check=due.name or "hosts", error=error)
            return
        if findings.new_hosts:
            self._schedule.settle(self._clock.monotonic())
        if findings:
            await self._publish(findings)

    async def _ask(self, query: Expr, now: int) -> QueryResult:
        """Answer a query.

        Raises:
            PromQLError: it failed, or took too long.
        """
        deadline = time.monotonic() + QUERY_TIMEOUT_S
        with trio.move_on_after(QUERY_TIMEOUT_S + 1):
            return await trio.to_thread.run_sync(
                self._query, query, now, deadline, limiter=self._limiter, abandon_on_cancel=True
            )
        raise PromQLError(f"no answer within {QUERY_TIMEOUT_S:.0f}s")
