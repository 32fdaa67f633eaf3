"""Every limit has its own error and its own count; slow queries are logged."""

import logging
import threading

import httpx
import pytest
import trio

from tests.server.api.app import NOW_MS, Rig, two_hosts
from vedette_server.api import running as running_module
from vedette_server.api.running import LIMITS, Running
from vedette_server.promql import EngineLimits
from vedette_shared.exposition import write_text

RANGE = {"start": "0", "end": "100", "step": "10"}

CASES = [
    (
        EngineLimits(samples=5),
        "query",
        {"query": "rate(x_total[1m])"},
        (422, "execution", "the query would load more than 5 samples; narrow its selectors or its range"),
        "samples",
    ),
    (
        EngineLimits(points=21),
        "query_range",
        {"query": "x_total", **RANGE},
        (422, "execution", "query would make 2 series × 11 steps, more than the limit of 21 points"),
        "points",
    ),
    (
        EngineLimits(steps=9),
        "query_range",
        {"query": "x_total", **RANGE},
        (400, "bad_data", "exceeded maximum resolution of 9 points per timeseries."),
        "steps",
    ),
    (
        EngineLimits(subquery_steps=5),
        "query",
        {"query": "max_over_time(x_total[1m:1s])"},
        (422, "execution", "a subquery would be evaluated at"),
        "steps",
    ),
    (
        EngineLimits(expression_length=6),
        "query",
        {"query": "x_total"},
        (400, "bad_data", 'invalid parameter "query": 1:1: parse error: expression is longer than 6 characters'),
        "length",
    ),
    (
        EngineLimits(),
        "query",
        {"query": "(" * 100 + "1" + ")" * 100},
        (400, "bad_data", 'invalid parameter "query": 1:'),
        "depth",
    ),
    (
        EngineLimits(),
        "query",
        {"query": "x_total", "timeout": "0"},
        (503, "timeout", "query timed out in "),
        "time",
    ),
]


@pytest.mark.parametrize(("limits", "path", "parameters", "told", "limit"), CASES)
async def test_limits(
    limits: EngineLimits, path: str, parameters: dict[str, str], told: tuple[int, str, str], limit: str
) -> None:
    rig = Rig(limits=limits)
    async with rig.client() as client:
        answer = await client.get(f"/api/v1/{path}", params=parameters)
    status, error_type, error = told
    assert (answer.status_code, answer.json()["errorType"]) == (status, error_type)
    assert answer.json()["error"].startswith(error)
    assert (rig.running.refusals, limit in LIMITS) == ({limit: 1}, True)


class Gate:
    """Holds the threads of queries up until it is opened."""

    def __init__(self) -> None:
        self.held = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self, *series: object) -> None:
        self.held.release()
        assert self._open.wait(30)

    def open(self) -> None:
        self._open.set()

    async def wait_for_one(self) -> None:
        assert await trio.to_thread.run_sync(self.held.acquire, True, 30)


def held_up(gate: Gate, **settings: int) -> Rig:
    querier = two_hosts()
    querier._guard = gate
    running = Running(trio.CapacityLimiter(1), **{"timeout_ms": 10_000, "slow_ms": 0, **settings})
    return Rig(querier, running=running)


async def ask(client: httpx.AsyncClient, answers: list[httpx.Response], **parameters: str) -> None:
    answers.append(await client.get("/api/v1/query", params={"query": "x_total", **parameters}))


async def test_the_queue_of_queries_is_bounded() -> None:
    """One is evaluated, one waits, one is told to come again."""
    gate, answers = Gate(), list[httpx.Response]()
    rig = held_up(gate, queue=1)
    async with rig.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(ask, client, answers)
        await gate.wait_for_one()
        nursery.start_soon(ask, client, answers)
        while not rig.running.limiter.statistics().tasks_waiting:
            await trio.sleep(0.001)
        refused = await client.get("/api/v1/query", params={"query": "x_total"})
        gate.open()
    assert (refused.status_code, refused.json()) == (
        503,
        {"status": "error", "errorType": "unavailable", "error": "1 queries wait already; try again later"},
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert rig.running.refusals == {"queue": 1}


async def test_time_spent_waiting_counts() -> None:
    """A query whose time is over while it waits is told so, and never runs."""
    gate, answers = Gate(), list[httpx.Response]()
    rig = held_up(gate)
    async with rig.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(ask, client, answers)
        await gate.wait_for_one()
        late = await client.get("/api/v1/query", params={"query": "x_total", "timeout": "50ms"})
        gate.open()
    assert (late.status_code, late.json()["error"]) == (503, "query timed out in the queue of queries")
    assert rig.running.counts == {("query", "timeout"): 1, ("query", "success"): 1}


async def test_a_query_does_not_wait_for_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for long; one that does not need the compiler, and takes as long, is answered."""
    monkeypatch.setattr(running_module, "COMPILING_S", 0.01)
    compiling = [0]
    monkeypatch.setattr(running_module, "threads_waiting", lambda: compiling[0])
    gate, answers = Gate(), list[httpx.Response]()
    rig = held_up(gate)
    async with rig.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(ask, client, answers)
        await gate.wait_for_one()
        await trio.sleep(0.1)
        assert not answers
        compiling[0] = 1
        while not answers:
            await trio.sleep(0.001)
        gate.open()
    error = "the server still compiles what large queries need; try again in a minute"
    assert (answers[0].status_code, answers[0].json()["error"]) == (503, error)
    assert rig.running.counts == {("query", "unavailable"): 1}


async def test_a_query_cannot_ask_for_more_time_than_the_server_gives() -> None:
    gate = Gate()
    rig = held_up(gate, timeout_ms=50)
    async with rig.client() as client:
        answer = await client.get("/api/v1/query", params={"query": "x_total", "timeout": "1h"})
    gate.open()
    assert (answer.status_code, answer.json()["error"]) == (503, "query timed out in query execution")


async def test_slow_queries_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With what they cost and what became of them; quick ones are not."""
    caplog.set_level(logging.WARNING)
    for slow_ms in (60_000, 1):
        gate = Gate()
        rig = held_up(gate, slow_ms=slow_ms)
        answers = list[httpx.Response]()
        async with rig.client() as client, trio.open_nursery() as nursery:
            nursery.start_soon(ask, client, answers)
            await gate.wait_for_one()
            await trio.sleep(0.01)
            gate.open()
    (record,) = (record for record in caplog.records if record.getMessage() == "slow query")
    fields = vars(record)["fields"]
    assert fields.pop("seconds") >= 0.01
    assert fields.pop("queued") >= 0
    assert fields == {"query": "x_total", "endpoint": "query", "samples": 22, "outcome": "success"}


async def test_what_is_counted() -> None:
    rig = Rig()
    async with rig.client() as client:
        for path, parameters in (("query", {"query": "x_total"}), ("query", {}), ("query", {"query": "sum("})):
            await client.get(f"/api/v1/{path}", params=parameters)
        await client.get("/api/v1/series", params={"match[]": "x_total"})
        page = (await client.get("/metrics")).text
    assert page == write_text(rig.running.metrics()).decode()
    lines = [line for line in page.splitlines() if line.startswith(("vedette_queries_", "vedette_query_samples"))]
    assert lines == [
        'vedette_queries_total{endpoint="query",outcome="bad_data"} 1',
        'vedette_queries_total{endpoint="query",outcome="success"} 1',
        'vedette_queries_total{endpoint="series",outcome="success"} 1',
        "vedette_query_samples_total 22",
        "vedette_queries_running 0",
        "vedette_queries_waiting 0",
        "vedette_queries_max 2",
    ]
    assert NOW_MS == 100_000
