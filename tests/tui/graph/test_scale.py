"""Marks of axes, and the span that a chart shows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_tui.graph.scale import Scale, fit_scale, query_step, time_ticks, value_ticks

FINITE = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("values", "levels", "unit", "zoomed", "scale"),
    [
        ([30, 32], [80, 90], "%", False, Scale(0, 100)),
        ([30, 130], [], "%", False, Scale(0, 130)),
        ([30, 32], [80, 90], "%", True, Scale(29.9, 32.1)),
        ([2, 10], [], "", False, Scale(0, 10.5)),
        ([8, 10], [], "", False, Scale(7.9, 10.1)),
        ([2, 4], [10], "", False, Scale(0, 10.5)),
        ([-4, 4], [], "", False, Scale(-4.4, 4.4)),
        ([5, 5], [], "", False, Scale(4.75, 5.25)),
        ([0, 0], [], "", False, Scale(0, 1)),
        ([], [], "", False, Scale(0, 1)),
    ],
)
def test_a_scale_holds_what_matters(
    values: list[float], levels: list[float], unit: str, zoomed: bool, scale: Scale
) -> None:
    """Levels and near zero in view, percents whole; zoomed, the values alone."""
    assert fit_scale(values, levels, unit, zoomed=zoomed) == scale


@pytest.mark.parametrize(
    ("scale", "count", "unit", "ticks"),
    [
        (Scale(0, 100), 5, "%", [0, 20, 40, 60, 80, 100]),
        (Scale(0, 1.05), 4, "", [0, 0.5, 1]),
        (Scale(-5, 2.4), 3, "", [-5, 0]),
        (Scale(0, 6.3 * 1024**3), 4, "B", [0, 2 * 1024**3, 4 * 1024**3, 6 * 1024**3]),
        (Scale(0, 200), 4, "s", [0, 60, 120, 180]),
        (Scale(0, 0.02), 4, "s", [0, 0.005, 0.01, 0.015, 0.02]),
    ],
)
def test_values_are_marked_where_they_are_round(scale: Scale, count: int, unit: str, ticks: list[float]) -> None:
    """In the steps of the unit."""
    assert value_ticks(scale, count, unit) == pytest.approx(ticks)


@given(FINITE, FINITE, st.integers(1, 30), st.sampled_from(["", "%", "B", "s"]))
def test_marks_lie_on_the_chart(one: float, other: float, count: int, unit: str) -> None:
    """There are never many more than asked for, and none beside the chart but by what a double cannot tell."""
    scale = fit_scale([one, other], [], unit, zoomed=False)
    ticks = value_ticks(scale, count, unit)
    slack = (scale.high - scale.low) * 1e-6 + math.ulp(max(abs(scale.low), abs(scale.high)))
    assert len(ticks) <= count + 1
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)


def test_time_is_marked_at_full_minutes_and_hours() -> None:
    """Whatever moment the window begins at."""
    assert time_ticks(90, 3_690, 6) == [600, 1200, 1800, 2400, 3000, 3600]
    assert time_ticks(1_000, 87_400, 6) == [14_400, 28_800, 43_200, 57_600, 72_000, 86_400]


@pytest.mark.parametrize(
    ("range_s", "points", "step"),
    [(900, 240, 5), (3_600, 240, 15), (21_600, 240, 120), (86_400, 240, 600), (10**7, 10, 10**6)],
)
def test_a_query_asks_for_as_many_values_as_can_be_seen(range_s: int, points: int, step: int) -> None:
    """In steps that divide minutes and hours."""
    assert query_step(range_s, points) == step
