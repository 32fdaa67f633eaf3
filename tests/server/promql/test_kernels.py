"""The compiled kernels yield what the definitions say, on random series, windows and groups."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.server.promql import naive
from tests.server.promql.memory import MemoryQuerier
from vedette_server.promql import Engine, ExecutionError, Result
from vedette_server.promql.calls.ranges import RANGE_FUNCTIONS
from vedette_server.promql.numeric.kernels import quantile_of
from vedette_shared.frames import STALE_BITS, STALE_NAN
from vedette_shared.labels import Labels, make_labels

SECOND = 1000
STEPS = 5
Samples = list[tuple[int, float]]

NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.5, -2.0, 0.1, 1e16, 7.0])
VALUES = st.one_of(NUMBERS, NUMBERS, NUMBERS, st.sampled_from([math.nan, math.inf, -math.inf, STALE_NAN]))
SERIES = st.lists(st.tuples(st.integers(0, 90), VALUES), max_size=40, unique_by=lambda sample: sample[0]).map(
    lambda samples: sorted((second * SECOND, value) for second, value in samples)
)
CALLS = {
    "quantile_over_time": "quantile_over_time(0.3, {})",
    "predict_linear": "predict_linear({}, 60)",
    "double_exponential_smoothing": "double_exponential_smoothing({}, 0.5, 0.25)",
}


def is_stale(value: float) -> bool:
    return math.isnan(value) and naive_bits(value) == STALE_BITS


def naive_bits(value: float) -> int:
    import struct

    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def same(expected: float, found: float, largest: float = 0.0) -> bool:
    """Whether two results are the same but for the roundings of sums of values up to ``largest``."""
    if math.isnan(expected) or math.isnan(found):
        return math.isnan(expected) and math.isnan(found)
    if math.isinf(expected) or math.isinf(found):
        return expected == found
    return math.isclose(expected, found, rel_tol=1e-9, abs_tol=max(1e-9, 1e-9 * abs(expected), 1e-14 * largest))


def points(result: Result) -> list[dict[Labels, float]]:
    """The result as one vector for each step."""
    return [
        {result.labels.labels(i): float(result.values[i, t]) for i in range(len(result.labels)) if result.present[i, t]}
        for t in range(result.values.shape[1])
    ]


@pytest.mark.parametrize("name", sorted(RANGE_FUNCTIONS))
@settings(max_examples=25, deadline=None)
@given(series=st.lists(SERIES, min_size=1, max_size=3), width=st.integers(1, 60), step=st.integers(1, 40))
@example(series=[[(0, 1.0), (1000, 1e300), (2000, 1e300)]], width=60, step=1)
@example(series=[[(0, 1e16), (1000, 1.0), (2000, 0.0)]], width=11, step=1)
@example(series=[[(i * SECOND, 1e308) for i in range(8)]], width=60, step=2)
@example(series=[[(i * SECOND // 4, float(i % 7)) for i in range(360)]], width=60, step=7)
@example(series=[[(i * SECOND // 4, math.nan if i % 50 < 40 else float(i % 11)) for i in range(360)]], width=50, step=3)
def test_a_range_function_is_that_of_the_definition(name: str, series: list[Samples], width: int, step: int) -> None:
    store = MemoryQuerier()
    for i, samples in enumerate(series):
        store.add(make_labels(__name__="x", i=str(i)), samples)
    query = CALLS.get(name, name + "({})").format(f"x[{width}s]")
    start = 10 * SECOND
    result = Engine().range(store, query, start, start + (STEPS - 1) * step * SECOND, step * SECOND)
    for t, found in enumerate(points(result)):
        end = start + t * step * SECOND
        expected = {}
        for i, samples in enumerate(series):
            window = naive.in_window(samples, end - width * SECOND, end)
            window = [sample for sample in window if not is_stale(sample[1])]
            value = naive.range_function(name, window, end - width * SECOND, end, width)
            if value is not None:
                expected[str(i)] = value
        by_number = {dict(labels)["i"]: value for labels, value in found.items()}
        assert by_number.keys() == expected.keys()
        for i, value in expected.items():
            finite = [abs(one) for _, one in series[int(i)] if math.isfinite(one)]
            assert same(value, by_number[i], max(finite, default=0.0)), (i, end, value, by_number[i])


@pytest.mark.parametrize("unknown", [0, 1, 300, 599, 600])
@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.9, 0.999, 1.0])
def test_the_quantile_of_many_values(unknown: int, q: float) -> None:
    values = [math.nan if i % 600 < unknown else float(i * 7919 % 600) for i in range(600)]
    assert same(naive.quantile(q, values), quantile_of(np.array(values), q))


LABEL_SETS = st.lists(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(["1", "2", "3"]) for name in "abc"}),
    max_size=8,
    unique_by=lambda labels: tuple(sorted(labels.items())),
)


@st.composite
def vectors(draw: st.DrawFn, name: str) -> dict[Labels, list[float | None]]:
    """Some series with a value, or none, at each of a few steps."""
    present = st.one_of(st.none(), NUMBERS, NUMBERS, st.just(math.nan))
    return {
        make_labels(labels, __name__=name): draw(st.lists(present, min_size=STEPS, max_size=STEPS))
        for labels in draw(LABEL_SETS)
    }


def store_of(*parts: dict[Labels, list[float | None]]) -> MemoryQuerier:
    """A store in which a value that is not there is a stale marker."""
    store = MemoryQuerier()
    for part in parts:
        for labels, values in part.items():
            store.add(labels, [(t * SECOND, STALE_NAN if v is None else v) for t, v in enumerate(values)])
    return store


def at_step(part: dict[Labels, list[float | None]], t: int) -> naive.Step:
    return {labels: value for labels, values in part.items() if (value := values[t]) is not None}


GROUPINGS: dict[str, Callable[[Labels], Labels]] = {
    "": lambda _: (),
    "by (a)": lambda labels: naive.only(labels, "a"),
    "by (a, c, missing)": lambda labels: naive.only(labels, "ac"),
    "without (a)": lambda labels: naive.without(labels, "a"),
    "without ()": lambda labels: naive.without(labels, ""),
}


@pytest.mark.parametrize("op", [*naive.AGGREGATIONS, "quantile"])
@settings(max_examples=25, deadline=None)
@given(vector=vectors("x"), grouping=st.sampled_from(sorted(GROUPINGS)))
def test_an_aggregation_is_that_of_the_definition(
    op: str, vector: dict[Labels, list[float | None]], grouping: str
) -> None:
    parameter, fold = ("0.3, ", lambda values: naive.quantile(0.3, values)) if op == "quantile" else ("", None)
    query = f"{op} {grouping} ({parameter}x)"
    result = Engine().range(store_of(vector), query, 0, (STEPS - 1) * SECOND, SECOND)
    for t, found in enumerate(points(result)):
        groups = naive.grouped(at_step(vector, t), GROUPINGS[grouping])
        expected = {labels: (fold or naive.AGGREGATIONS[op])(values) for labels, values in groups.items()}
        assert found.keys() == expected.keys()
        assert all(same(expected[labels], found[labels]) for labels in expected)


@pytest.mark.parametrize("op", ["topk", "bottomk"])
@settings(max_examples=25, deadline=None)
@given(vector=vectors("x"), grouping=st.sampled_from(sorted(GROUPINGS)), k=st.integers(0, 4))
def test_topk_keeps_the_extremes_of_each_group(
    op: str, vector: dict[Labels, list[float | None]], grouping: str, k: int
) -> None:
    result = Engine().range(store_of(vector), f"{op} {grouping} ({k}, x)", 0, (STEPS - 1) * SECOND, SECOND)
    steps = points(result) or [{}] * STEPS
    for t, found in enumerate(steps):
        everything = at_step(vector, t)
        assert found.items() <= everything.items() or any(math.isnan(value) for value in found.values())
        kept = naive.grouped(found, GROUPINGS[grouping])
        for group, values in naive.grouped(everything, GROUPINGS[grouping]).items():
            sign = -1 if op == "topk" else 1
            ordered = sorted(values, key=lambda value: (math.isnan(value), 0 if math.isnan(value) else sign * value))
            wanted = ordered[:k]
            mine = sorted(
                kept.get(group, []), key=lambda value: (math.isnan(value), 0 if math.isnan(value) else sign * value)
            )
            assert len(mine) == len(wanted)
            assert all(same(a, b) for a, b in zip(wanted, mine, strict=True))


MATCHINGS: dict[str, tuple[Callable[[Labels], Labels], Callable[[Labels], Labels], bool]] = {
    "": (lambda labels: naive.without(labels, ""), lambda labels: naive.without(labels, ""), False),
    "on (a)": (lambda labels: naive.only(labels, "a"), lambda labels: naive.only(labels, "a"), False),
    "ignoring (b)": (lambda labels: naive.without(labels, "b"), lambda labels: naive.without(labels, "b"), False),
    "on (a, b) group_left ()": (
        lambda labels: naive.only(labels, "ab"),
        lambda labels: naive.without(labels, ""),
        True,
    ),
}


@settings(max_examples=100, deadline=None)
@given(left=vectors("x"), right=vectors("y"), matching=st.sampled_from(sorted(MATCHINGS)))
def test_vectors_match_as_the_definition_says(
    left: dict[Labels, list[float | None]], right: dict[Labels, list[float | None]], matching: str
) -> None:
    key, result_labels, many = MATCHINGS[matching]
    query = f"x + {matching} y"
    try:
        expected = [
            naive.match(at_step(left, t), at_step(right, t), key, result_labels, many=many) for t in range(STEPS)
        ]
    except naive.MatchError:
        with pytest.raises(ExecutionError):
            Engine().range(store_of(left, right), query, 0, (STEPS - 1) * SECOND, SECOND)
        return
    result = Engine().range(store_of(left, right), query, 0, (STEPS - 1) * SECOND, SECOND)
    for found, wanted in zip(points(result), expected, strict=True):
        assert found.keys() == wanted.keys()
        assert all(same(wanted[labels], found[labels]) for labels in wanted)


@settings(max_examples=60, deadline=None)
@given(left=vectors("x"), right=vectors("y"), op=st.sampled_from(["and", "or", "unless"]))
def test_set_operators_work_step_by_step(
    left: dict[Labels, list[float | None]], right: dict[Labels, list[float | None]], op: str
) -> None:
    result = Engine().range(store_of(left, right), f"x {op} on (a) y", 0, (STEPS - 1) * SECOND, SECOND)
    for t, found in enumerate(points(result)):
        mine, theirs = at_step(left, t), at_step(right, t)
        my_keys, their_keys = ({naive.only(labels, "a") for labels in side} for side in (mine, theirs))
        if op == "and":
            expected = {labels for labels in mine if naive.only(labels, "a") in their_keys}
        elif op == "unless":
            expected = {labels for labels in mine if naive.only(labels, "a") not in their_keys}
        else:
            expected = {*mine, *(labels for labels in theirs if naive.only(labels, "a") not in my_keys)}
        assert found.keys() == expected
