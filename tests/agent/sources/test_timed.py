"""Samples with times of their own go into groups, which stay the same from collection to collection."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette_agent.sources.timed import MOST_GROUPS, Splitter
from vedette_shared.frames import layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

Times = dict[str, int | None]
"""The times of the series ``a{x="…"}`` and ``b{x="…"}`` of a collection by their label; no time is the collection's."""

Split = tuple[list[str], list[tuple[int, list[str]]]]


def families(times: Times) -> list[MetricFamily]:
    return [
        MetricFamily(
            name,
            MetricType.GAUGE,
            name,
            "",
            [Sample(name, make_labels(x=x), float(place), time) for place, (x, time) in enumerate(times.items())],
        )
        for name in "ab"
    ]


def split(splitter: Splitter, times: Times) -> Split:
    """What becomes of a collection: labels without a time, and groups with theirs; both families must be alike."""
    plain, parts = splitter.split(families(times))
    places = {x: float(place) for place, x in enumerate(times)}
    groups: list[tuple[int, list[str]]] = []
    for time, layout, values in parts:
        members = labels_of([(series.name, dict(series.labels)["x"]) for series in layout.series])
        assert array("d", values).tolist() == [places[x] for x in members] * 2
        assert [(one.name, one.help) for one in layout.families] == [("a", "a"), ("b", "b")]
        groups.append((time, members))
    return labels_of([(sample.name, dict(sample.labels)["x"]) for one in plain for sample in one.samples]), groups


def labels_of(series: list[tuple[str, str]]) -> list[str]:
    first, second = ([x for name, x in series if name == wanted] for wanted in "ab")
    assert (first, [name for name, _ in series]) == (second, ["a"] * len(first) + ["b"] * len(first))
    return first


@pytest.mark.parametrize(
    ("collections", "expected"),
    [
        pytest.param([{"p": None, "q": None}], (["p", "q"], []), id="no times"),
        pytest.param([{"p": None, "q": 5}], (["p"], [(5, ["q"])]), id="some with a time"),
        pytest.param([{"p": 9, "q": 5, "r": 9}], ([], [(5, ["q"]), (9, ["p", "r"])]), id="the oldest comes first"),
        pytest.param(
            [{"p": 1, "q": 2}, {"p": 7, "q": 7}], ([], [(7, ["p"]), (7, ["q"])]), id="the same time by chance"
        ),
        pytest.param(
            [{"p": 1, "q": 1, "r": 1}, {"p": 2, "q": 3, "r": 2}, {"p": 4, "q": 4, "r": 4}],
            ([], [(4, ["p", "r"]), (4, ["q"])]),
            id="those that went apart stay so",
        ),
        pytest.param(
            [{"p": 1}, {"p": 2, "q": 2}], ([], [(2, ["p"]), (2, ["q"])]), id="a new series is a group of its own"
        ),
        pytest.param([{"p": 1, "q": 1}, {"p": 2}], ([], [(2, ["p"])]), id="a series that left"),
        pytest.param([{"p": 1}, {}, {"p": 2, "q": 2}], ([], [(2, ["p"]), (2, ["q"])]), id="after a failure"),
    ],
)
def test_groups(collections: list[Times], expected: Split) -> None:
    splitter = Splitter(layout_of)
    for times in collections[:-1]:
        splitter.split(families(times) if times else [])
    assert split(splitter, collections[-1]) == expected


def test_one_series_at_two_times() -> None:
    family = MetricFamily("a", MetricType.GAUGE, samples=[Sample("a", (), 1.0, 5), Sample("a", (), 2.0, 6)])
    splitter = Splitter(layout_of)
    for _ in range(3):
        plain, parts = splitter.split([family])
        assert plain == []
        assert [(part.timestamp_ms, array("d", part.values).tolist()) for part in parts] == [(5, [1.0]), (6, [2.0])]


times_of_series = st.dictionaries(st.sampled_from("pqrst"), st.none() | st.integers(0, 3), min_size=1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(times_of_series, min_size=1, max_size=8))
def test_nothing_is_lost_and_groups_only_split(collections: list[Times]) -> None:
    splitter = Splitter(layout_of)
    apart: set[tuple[str, str]] = set()
    for times in collections:
        plain, groups = split(splitter, times)
        assert {**dict.fromkeys(plain), **{x: time for time, members in groups for x in members}} == times
        assert [time for time, _ in groups] == sorted(time for time, _ in groups)
        together = {(x, y) for _, members in groups for x in members for y in members}
        present = {x for x, time in times.items() if time is not None}
        # Those that are not there are forgotten.
        apart = {pair for pair in apart if set(pair) <= present}
        assert not together & apart
        apart |= {(x, y) for x in present for y in present} - together


def test_a_page_of_random_times_does_not_fill_the_memory() -> None:
    splitter = Splitter(layout_of)
    for turn in range(4):
        times: Times = {str(i): (i * 7919 + turn * i) % (MOST_GROUPS + 50) for i in range(2 * MOST_GROUPS)}
        _, parts = splitter.split(families(times))
        assert sum(len(part.layout) for part in parts) == 4 * MOST_GROUPS
    assert len(splitter._numbers) == 4 * MOST_GROUPS
