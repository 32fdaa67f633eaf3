"""Queries over a few series, as a user meets them."""

from __future__ import annotations

import math
import threading

import pytest

from tests.server.promql.memory import MemoryQuerier
from vedette_server.promql import (
    Engine,
    EngineLimits,
    ExpressionTypeError,
    ParseError,
    QueryCanceledError,
    QueryTimeoutError,
    Result,
    TooManySamplesError,
    parse,
)
from vedette_server.promql.cursor import MAX_DEPTH
from vedette_shared.frames import STALE_NAN
from vedette_shared.labels import format_series, make_labels

MINUTE = 60_000


@pytest.fixture
def store() -> MemoryQuerier:
    """Two hosts with two CPU modes each, an hour of samples a minute, and a gauge that goes stale at 30 m."""
    store = MemoryQuerier()
    for h, host in enumerate(("a", "b")):
        for m, mode in enumerate(("idle", "user")):
            labels = make_labels(__name__="cpu_total", host=host, mode=mode)
            store.add(labels, ((i * MINUTE, i * 60.0 * (1 + h + 2 * m)) for i in range(61)))
    gauge = make_labels(__name__="temperature", host="a")
    store.add(gauge, ((i * MINUTE, 20.0 + i) for i in range(30)))
    store.add(gauge, [(30 * MINUTE, STALE_NAN)])
    return store


def rows(result: Result) -> dict[str, list[float | None]]:
    """The result as text to values, ``None`` where a value is absent."""
    return {
        format_series(result.labels.labels(i)): [
            float(value) if there else None for value, there in zip(result.values[i], result.present[i], strict=True)
        ]
        for i in range(len(result.labels))
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("1 + 2 * 3 ^ 2", {"{}": [19]}),
        ("temperature", {'temperature{host="a"}': [30]}),
        ("temperature > 30", {}),
        ("temperature >= bool 31", {'{host="a"}': [0]}),
        ("sum by (mode) (rate(cpu_total[5m]))", {'{mode="idle"}': [3], '{mode="user"}': [7]}),
        ("sum without (mode, host) (rate(cpu_total[5m]))", {"{}": [10]}),
        ('avg(increase(cpu_total{host="a"}[10m]))', {"{}": [1200]}),
        ("max by (host) (cpu_total)", {'{host="a"}': [1800], '{host="b"}': [2400]}),
        ("count(cpu_total)", {"{}": [4]}),
        ("max_over_time(temperature[3m])", {'{host="a"}': [30]}),
        ("avg_over_time(temperature[3m])", {'{host="a"}': [29]}),
        ("temperature offset 5m", {'temperature{host="a"}': [25]}),
        ("temperature @ 60", {'temperature{host="a"}': [21]}),
        ('cpu_total{mode="idle"} and on (host) temperature', {'cpu_total{host="a", mode="idle"}': [600]}),
        ('cpu_total{mode="idle"} unless on (host) temperature', {'cpu_total{host="b", mode="idle"}': [1200]}),
        (
            'cpu_total{mode="user"} / ignoring (mode) cpu_total{mode="idle"}',
            {'{host="a"}': [3], '{host="b"}': [2]},
        ),
        (
            'cpu_total{mode="user"} / on (host) group_left () temperature',
            {'{host="a", mode="user"}': [60]},
        ),
        (
            'temperature or cpu_total{mode=~"us.*", host!="a"}',
            {
                'temperature{host="a"}': [30],
                'cpu_total{host="b", mode="user"}': [2400],
            },
        ),
    ],
)
def test_an_instant_query(store: MemoryQuerier, query: str, expected: dict[str, list[float]]) -> None:
    result = Engine().instant(store, query, 10 * MINUTE)
    found = rows(result)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values)


def test_a_stale_marker_ends_a_series_at_once(store: MemoryQuerier) -> None:
    result = Engine().range(store, "temperature", 28 * MINUTE, 31 * MINUTE, MINUTE)
    assert rows(result) == {'temperature{host="a"}': [48, 49, None, None]}


def test_the_lookback_is_left_open(store: MemoryQuerier) -> None:
    result = Engine().range(store, 'cpu_total{host="a", mode="idle"}', 64 * MINUTE, 66 * MINUTE, MINUTE)
    assert rows(result) == {'cpu_total{host="a", mode="idle"}': [3600, None, None]}


def test_a_range_vector_yields_its_samples(store: MemoryQuerier) -> None:
    result = Engine().instant(store, "temperature[2m]", 30 * MINUTE)
    assert result.type == "matrix"
    assert result.samples is not None
    assert result.samples.timestamps.tolist() == [29 * MINUTE]
    assert result.samples.values.tolist() == [49]


def test_a_long_chain_of_operators_is_no_deep_recursion(store: MemoryQuerier) -> None:
    result = Engine().instant(store, "+".join(["1"] * 5000), 0)
    assert result.values.tolist() == [[5000]]


def parses(query: str) -> bool:
    try:
        parse(query)
    except ParseError:
        return False
    return True


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("abs(", ")"),
        ("sum(", ")"),
        ("(", ")"),
        ("-", ""),
        ("1 + (", ")"),
        ("1 ^ ", ""),
        ("max_over_time(", "[5m:1m])"),
        ("label_replace(", ', "a", "b", "c", "d")'),
        ("topk(2, ", ")"),
    ],
)
def test_the_deepest_nesting_that_is_parsed_is_evaluated_too(store: MemoryQuerier, head: str, tail: str) -> None:
    queries = [head * depth + "temperature" + tail * depth for depth in range(MAX_DEPTH // 4, 2 * MAX_DEPTH)]
    deepest = max((query for query in queries if parses(query)), key=len)
    result = Engine().range(store, deepest, 10 * MINUTE, 11 * MINUTE, MINUTE, explain=True)
    assert len(result.labels) == 1
    assert not parses(queries[-1])


@pytest.mark.parametrize("query", ["cpu_total[5m]", '"text"'])
def test_a_range_query_needs_a_scalar_or_an_instant_vector(store: MemoryQuerier, query: str) -> None:
    with pytest.raises(ExpressionTypeError, match="must be Scalar or instant Vector"):
        Engine().range(store, query, 0, MINUTE, MINUTE)


def test_limits_and_cancellation(store: MemoryQuerier) -> None:
    with pytest.raises(TooManySamplesError):
        Engine(EngineLimits(samples=10)).instant(store, "cpu_total", 10 * MINUTE)
    with pytest.raises(TooManySamplesError):
        Engine(EngineLimits(points=10)).range(store, "cpu_total", 0, 10 * MINUTE, MINUTE)
    with pytest.raises(TooManySamplesError):
        Engine(EngineLimits(steps=10)).range(store, "1", 0, 10 * MINUTE, MINUTE)
    with pytest.raises(TooManySamplesError):
        Engine().instant(store, "max_over_time(temperature[10y:1ms])", 0)
    with pytest.raises(ParseError):
        Engine(EngineLimits(expression_length=3)).instant(store, "1 + 1", 0)
    gone = threading.Event()
    gone.set()
    with pytest.raises(QueryCanceledError):
        Engine().instant(store, "temperature", 0, cancelled=gone)
    with pytest.raises(QueryTimeoutError):
        Engine().instant(store, "temperature", 0, deadline=-math.inf)
