"""A service's graph, driven by keys against a real server."""

from __future__ import annotations

import math

import pytest

from tests.tui.driver import Driver, drive
from tests.tui.fake_api import Fleet, make_host, make_service
from vedette_tui.client import Levels, RangeSeries
from vedette_tui.graph.chart import Level
from vedette_tui.screens.graph import Window, legend, levels_to_draw, series_names, window_of
from vedette_tui.spans import plain


def fill(fleet: Fleet, **fields: object) -> None:
    """One host with one service."""
    fleet.hosts = [make_host("alpha", WARN=1)]
    fleet.services["alpha"] = [make_service("alpha", "Filesystem /", "WARN", value=81.2) | fields]


async def enter(driver: Driver) -> None:
    """Open the first service of the first host."""
    await driver.sees("alpha")
    await driver.press("enter")
    await driver.sees("Filesystem /")
    await driver.press("enter")


def test_a_graph_with_its_levels(fleet: Fleet, url: str) -> None:
    """The last hour, state and value above it, the levels as lines."""
    fill(fleet)

    async def script(driver: Driver) -> list[str]:
        await enter(driver)
        await driver.sees("┬")
        return driver.lines()

    lines = drive(url, script)
    assert lines[:3] == [
        " alpha  Filesystem /  WARN for 11574d  81.2 %",
        " Filesystem / is WARN",
        " last 1h  min 32.2 % mean 60.9 % max 88 % last 82.1 %",
    ]
    assert lines[4].startswith(" crit 90 % ┤┅┅┅")
    assert lines[6].startswith(" warn 80 % ┤")
    assert lines[21].split() == ["00:00", "00:10", "00:20", "00:30", "00:40", "00:50"]
    assert fleet.queries == [
        {"query": "some_metric", "start": "999993600.000", "end": "999997200.000", "step": "15"},
    ]


def test_other_times_and_zoom(fleet: Fleet, url: str) -> None:
    """Keys 1 to 4 ask anew; z does not; the graph is asked for again only when a step is over."""
    fill(fleet, levels={"upper": [80, 98]})

    async def script(driver: Driver) -> None:
        await enter(driver)
        await driver.sees("┬", "crit 98 %")
        for key, name in (("1", "15m"), ("3", "6h"), ("4", "24h")):
            await driver.press(key)
            await driver.sees(f"last {name}", "┬")
        await driver.press("z")
        await driver.sees("last 24h  zoomed")
        assert "crit 98 %" not in driver.text()
        assert fleet.time is not None
        fleet.time += 599_000
        await driver.pilot.pause(0.2)
        assert len(fleet.queries) == 4
        fleet.time += 1_000
        await driver.until(lambda: len(fleet.queries) == 5)

    drive(url, script)
    assert [(query["start"], query["step"]) for query in fleet.queries] == [
        ("999993600.000", "15"),
        ("999996300.000", "5"),
        ("999975600.000", "120"),
        ("999910800.000", "600"),
        ("999911400.000", "600"),
    ]


def test_a_service_without_a_graph_says_so(fleet: Fleet, url: str) -> None:
    """Its state and summary are shown all the same."""
    fill(fleet, graph=None)

    async def script(driver: Driver) -> None:
        await enter(driver)
        await driver.sees("this service has no graph", "Filesystem / is WARN")
        await driver.press("escape")
        await driver.sees("1 service")

    drive(url, script)
    assert fleet.queries == []


def test_several_series_have_a_legend(fleet: Fleet, url: str) -> None:
    """Named by what differs, no more than can be told apart."""
    fill(fleet)
    fleet.curves = 6

    async def script(driver: Driver) -> None:
        await enter(driver)
        await driver.sees("last 1h  ━ device=eth0 ━ device=eth1 ━ device=eth2 ━ device=eth3  and 2 more")

    drive(url, script)


def test_no_data_yet(fleet: Fleet, url: str) -> None:
    """It says so in the middle."""
    fill(fleet)
    fleet.curves = 0

    async def script(driver: Driver) -> None:
        await enter(driver)
        await driver.sees("no data in this time")

    drive(url, script)


@pytest.mark.parametrize(
    ("range_s", "now_ms", "window", "count"),
    [
        (900, 1_000_003_999, Window(999_100, 1_000_000, 5), 181),
        (3_600, 1_000_014_000, Window(996_405, 1_000_005, 15), 241),
    ],
)
def test_a_window_lies_on_full_steps(range_s: int, now_ms: int, window: Window, count: int) -> None:
    """So that neighbouring questions ask for the same moments."""
    assert window_of(range_s, now_ms) == window
    assert window.count == count


def test_levels_that_cannot_be_reached_are_not_drawn() -> None:
    """WARN comes first: where both share a row, CRIT is seen."""
    assert levels_to_draw(Levels((80, math.inf), (None, 5))) == (Level("warn", 80), Level("crit", 5))


def test_names_of_series() -> None:
    """The labels in which they differ."""
    series = [RangeSeries({"job": "n", "device": "a"}), RangeSeries({"job": "n", "device": "b", "x": "y"})]
    assert series_names(series) == ["device=a", "device=b x=y"]
    assert plain(legend([RangeSeries({}, ((1, "NaN"),))], "%")) == ""
