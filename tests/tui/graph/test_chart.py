"""Charts as pictures."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from vedette_tui.graph.chart import Chart, Level, draw, to_grid
from vedette_tui.spans import plain, width_of

RAMP = tuple(float(value) for value in range(0, 101, 5))


def picture(chart: Chart, width: int, height: int) -> list[str]:
    """The chart as texts without spaces at the ends."""
    return [plain(line).rstrip() for line in draw(chart, width, height)]


def test_a_curve_crosses_its_levels() -> None:
    """Percents from 0 to 100, WARN and CRIT named at the axis, the curve over the levels."""
    chart = Chart(0, 1200, (RAMP,), "%", (Level("warn", 80), Level("crit", 90)))
    assert picture(chart, 48, 12) == [
        "    100 % ┤                                 ⢀⡠⠒⠉",
        "crit 90 % ┤┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅┅⢀⡠⠔⠊⠁┅┅┅",
        "warn 80 % ┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⣀⠤⠒⠁╌╌╌╌╌╌╌",
        "          │                      ⢀⡠⠒⠉",
        "          │                  ⢀⡠⠔⠊⠁",
        "     50 % ┤              ⢀⠤⠒⠊⠁",
        "          │          ⢀⡠⠔⠊⠁",
        "          │       ⣀⠤⠊⠁",
        "          │   ⢀⠤⠒⠉",
        "      0 % ┤⡠⠔⠊⠁",
        "          └┬─────────────────┬──────────────────",
        "         00:00             00:10",
    ]


def test_a_gap_stays_a_gap_and_zoom_leaves_far_levels_out() -> None:
    """Nothing is drawn where there is no value."""
    values = tuple(math.nan if 6 < place < 14 else value / 100 for place, value in enumerate(RAMP))
    assert picture(Chart(0, 1200, (values,), "s", (Level("warn", 5.0),), zoomed=True), 40, 8) == [
        "1 s ┤                              ⢀⣀⠤⠤⠒",
        "    │                        ⣀⠤⠤⠒⠊⠉⠁",
        "    │",
        "    │",
        "    │    ⢀⣀⠤⠤⠒⠊⠉",
        "0 s ┤⠤⠒⠊⠉⠁",
        "    └┬────────────────┬─────────────────",
        "   00:00            00:10",
    ]


def test_curves_have_colours_of_their_own() -> None:
    """Up to four; the levels keep theirs."""
    chart = Chart(0, 60, tuple((float(value),) * 2 for value in range(6)), "", (Level("crit", 5.0),))
    kinds = {span.kind for line in draw(chart, 40, 20) for span in line}
    assert kinds == {"", "axis", "crit-level", "series-0", "series-1", "series-2", "series-3"}


def test_without_data_or_room_it_says_so() -> None:
    """In the middle."""
    assert picture(Chart(0, 60, ((math.nan, math.inf),)), 30, 5) == ["", "", "     no data in this time", "", ""]
    assert picture(Chart(0, 60, ((1.0,),)), 19, 3) == ["", "no room for a graph", ""]


@given(
    st.lists(st.lists(st.floats(width=32), max_size=9).map(tuple), max_size=5).map(tuple),
    st.lists(st.builds(Level, st.sampled_from(["warn", "crit"]), st.floats(-1e9, 1e9)), max_size=4).map(tuple),
    st.sampled_from(["", "%", "B", "s", "/s"]),
    st.booleans(),
    st.integers(1, 90),
    st.integers(1, 30),
)
def test_a_chart_fills_its_room_exactly(
    series: tuple[tuple[float, ...], ...],
    levels: tuple[Level, ...],
    unit: str,
    zoomed: bool,
    width: int,
    height: int,
) -> None:
    """Whatever it shows, at whatever size."""
    lines = draw(Chart(1_000, 4_600, series, unit, levels, zoomed=zoomed), width, height)
    assert [width_of(line) for line in lines] == [width] * height


def test_an_answer_is_laid_on_the_grid() -> None:
    """What is missing is NaN, what lies outside is dropped."""
    grid = to_grid([(10.0, "1"), (30.001, "+Inf"), (40.0, "NaN"), (90.0, "7")], 10, 10, 4)
    assert [str(value) for value in grid] == ["1.0", "nan", "inf", "nan"]
