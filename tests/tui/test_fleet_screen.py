"""The fleet table, driven by keys against a real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.tui.driver import Driver, drive
from tests.tui.fake_api import Fleet, make_host, make_service
from vedette_tui.client import Host
from vedette_tui.screens.fleet import COLUMNS, HOSTS
from vedette_tui.spans import Span
from vedette_tui.table.widget import RowTable


def fill(fleet: Fleet) -> None:
    """Four hosts, one of each kind of trouble."""
    now = fleet.now()
    fleet.hosts = [
        make_host("alpha", OK=5, since=now - 86_400_000, last_seen=now - 3_000, load1=0.25, memory_used_percent=31.5),
        make_host("beta", OK=3, WARN=2, since=now - 7_200_000, last_seen=now - 4_000, load1=7.5),
        make_host("gamma", "DOWN", UNKNOWN=4, since=now - 240_000, last_seen=now - 270_000, load1=None)
        | {"memory_used_percent": None, "hard": False, "attempt": 2, "summary": "no data"},
        make_host("delta", CRIT=1, WARN=1, since=now - 60_000, last_seen=now - 5_000, memory_used_percent=99),
    ]
    for host in fleet.hosts:
        fleet.services[host["host"]] = [make_service(host["host"], "Memory")]


def test_the_fleet_is_shown_worst_first(fleet: Fleet, url: str) -> None:
    """At 80 by 24, everything of the brief is on the screen, the worst host on top."""
    fill(fleet)

    async def script(driver: Driver) -> list[str]:
        await driver.sees("gamma")
        return driver.lines()

    lines = drive(url, script)
    assert lines[-3] == " DOWN gamma (soft state, attempt 2): no data"
    assert lines[:6] == [
        " Fleet  4 hosts  1 DOWN  1 CRIT  4 UNKNOWN  3 WARN  8 OK",
        "  STATE▼   HOST                  PROBLEMS                    LOAD  MEMORY  SEEN",
        "▸ DOWN     gamma                 4 UNKNOWN                      –       –    4m",
        "  UP       delta                 1 CRIT 1 WARN               0.50    99 %    5s",
        "  UP       beta                  2 WARN                      7.50    30 %    4s",
        "  UP       alpha                 5 OK                        0.25  31.5 %    3s",
    ]


def names(driver: Driver) -> list[str]:
    """The hosts on the screen, from the top, the one under the cursor with its mark."""
    rows = [line for line in driver.lines() if line[2:8].strip() in ("UP", "DOWN")]
    return [line[:2].strip() + line[11:].split()[0] for line in rows]


def test_sort_filter_and_problems(fleet: Fleet, url: str) -> None:
    """Each key changes the rows and says so; Esc clears the filter."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await driver.sees("gamma")
        await driver.press("s")
        assert "HOST▲" in driver.text()
        assert [name.strip("▸") for name in names(driver)] == ["alpha", "beta", "delta", "gamma"]
        await driver.press("S")
        assert "HOST▼" in driver.text()
        assert [name.strip("▸") for name in names(driver)] == ["gamma", "delta", "beta", "alpha"]
        await driver.press("p")
        assert "showing 3: problems only" in driver.text()
        assert [name.strip("▸") for name in names(driver)] == ["gamma", "delta", "beta"]
        await driver.press("slash", *"crit TA", "enter")
        assert "showing 1: problems only, filter “crit ta”" in driver.text()
        assert names(driver) == ["▸delta"]
        await driver.press("slash", *"nobody", "enter")
        assert "no hosts match the filter; Esc clears it" in driver.text()
        await driver.press("escape", "p")
        assert "showing" not in driver.text()
        assert len(names(driver)) == 4

    drive(url, script)


def test_without_problems_it_says_so(fleet: Fleet, url: str) -> None:
    """An empty table is never just empty."""

    async def script(driver: Driver) -> None:
        await driver.sees("live", "no hosts yet")
        fleet.hosts = [make_host("alpha", OK=5)]
        await driver.sees("alpha")
        await driver.press("p")
        await driver.sees("no problems among 1 hosts; p shows all")

    drive(url, script)


def test_the_cursor_stays_on_its_host(fleet: Fleet, url: str) -> None:
    """When others get worse, the row moves and the cursor with it; on the first row it stays on the first row."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await driver.sees("gamma")
        await driver.press("down")
        assert names(driver) == ["gamma", "▸delta", "beta", "alpha"]
        fleet.hosts[0] = make_host("alpha", "DOWN", CRIT=5)
        await driver.until(lambda: names(driver) == ["alpha", "gamma", "▸delta", "beta"])
        await driver.press("home")
        fleet.hosts[1] = make_host("beta", "DOWN", CRIT=6)
        await driver.until(lambda: names(driver) == ["▸beta", "alpha", "gamma", "delta"])

    drive(url, script)


def test_ten_thousand_hosts_keep_their_place(fleet: Fleet, url: str) -> None:
    """Scrolled into the middle, a refresh moves nothing, and only the rows on the screen are drawn."""
    fleet.hosts = [make_host(f"h{number:05d}", OK=1) for number in range(10_000)]

    async def script(driver: Driver) -> None:
        await driver.sees("h00000")
        await driver.press("end")
        assert names(driver)[-1] == "▸h09999"
        await driver.press("pageup", "pageup", "up")
        before, top = names(driver), driver.app.screen.query_one(RowTable).first_visible
        assert "▸h09962" in before
        for host in fleet.hosts:
            host["load1"] = 2.25
        await driver.sees("2.25")
        assert names(driver) == before
        assert driver.app.screen.query_one(RowTable).first_visible == top
        fleet.hosts.insert(0, make_host("h", CRIT=1))
        await driver.sees("10001 hosts")
        assert names(driver) == before

    with counting_cells() as drawn:
        drive(url, script)
    assert max(drawn.values()) < 24 * 60
    assert len(drawn) < 24 * 8


@contextmanager
def counting_cells() -> Iterator[Counter[str]]:
    """Count how often each host's name is drawn."""
    drawn: Counter[str] = Counter()
    column = next(column for column in COLUMNS if column.key == "host")

    def counted(host: Host, now_ms: int) -> Sequence[Span]:
        drawn[host.host] += 1
        return column.cell(host, now_ms)

    with pytest.MonkeyPatch.context() as patch:
        changed = tuple(replace(one, cell=counted) if one is column else one for one in COLUMNS)
        patch.setattr("vedette_tui.screens.fleet.HOSTS", replace(HOSTS, columns=changed))
        yield drawn


def test_the_mouse_moves_opens_and_sorts(fleet: Fleet, url: str) -> None:
    """A click on a row moves there, another opens it; a click on a heading sorts, another turns it round."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await driver.sees("gamma")
        await driver.pilot.click(RowTable, offset=(20, 3))
        assert names(driver) == ["gamma", "delta", "▸beta", "alpha"]
        await driver.pilot.click(RowTable, offset=(12, 0))
        assert names(driver) == ["alpha", "▸beta", "delta", "gamma"]
        await driver.pilot.click(RowTable, offset=(12, 0))
        assert names(driver) == ["gamma", "delta", "▸beta", "alpha"]
        await driver.pilot.click(RowTable, offset=(20, 3))
        await driver.sees("beta  1 service")

    drive(url, script)


def test_help_and_theme(fleet: Fleet, url: str) -> None:
    """The help explains the keys, all at a glance, and goes away; t changes the colours."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await driver.sees("gamma")
        await driver.press("question_mark")
        await driver.sees("Keys and words", "turn the order round", "not with what was asked for")
        await driver.press("escape", "t")
        await driver.sees("gamma")
        assert driver.app.theme == "vedette-light"

    drive(url, script)


@pytest.mark.parametrize(("size", "columns"), [((200, 60), "SINCE"), ((40, 12), "PROBLEM"), ((20, 6), "STATE")])
def test_it_fits_every_size(fleet: Fleet, url: str, size: tuple[int, int], columns: str) -> None:
    """No line is longer than the screen; what there is room for is shown."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await driver.sees("gamma"[: size[0] - 16], columns)
        assert [len(line) for line in driver.lines() if len(line) > size[0]] == []

    drive(url, script, size=size)
