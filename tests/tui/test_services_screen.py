"""A host's services, driven by keys against a real server."""

from __future__ import annotations

from tests.tui.driver import Driver, drive
from tests.tui.fake_api import Fleet, make_host, make_service


def fill(fleet: Fleet) -> None:
    """One host with services of every state."""
    now = fleet.now()
    fleet.hosts = [make_host("alpha", OK=1, WARN=1, CRIT=1, UNKNOWN=1)]
    fleet.services["alpha"] = [
        make_service("alpha", "Load", value=0.42, unit="", levels={"upper": [5, 10]}, since=now - 86_400_000),
        make_service("alpha", "Filesystem /", "WARN", value=81.2, since=now - 3_600_000, summary="81.2 % used"),
        make_service("alpha", "Memory", "CRIT", value=97.3, since=now - 60_000, last_check=now - 5_000)
        | {"hard": False, "attempt": 2, "summary": "97.3 % used: " + "very " * 30 + "full"},
        make_service("alpha", "Temperature", "UNKNOWN", value=None, unit="°C", since=now - 600_000, stale=True)
        | {"graph": None, "levels": {"upper": None, "lower": None}, "summary": "no\x1b[2Janswer"},
    ]  # fmt: skip


async def enter(driver: Driver) -> None:
    """Open the first host."""
    await driver.sees("alpha")
    await driver.press("enter")
    await driver.sees("Memory")


def test_services_are_shown_worst_first(fleet: Fleet, url: str) -> None:
    """With value, levels, age and summary; what comes from afar does not steer the terminal."""
    fill(fleet)

    async def script(driver: Driver) -> list[str]:
        await enter(driver)
        return driver.lines()

    assert drive(url, script, size=(110, 24))[:6] == [
        " alpha  4 services  1 CRIT  1 UNKNOWN  1 WARN  1 OK",
        "  STATE▼   SERVICE                          VALUE LEVELS              SINCE     SUMMARY",
        "▸ CRIT     Memory                          97.3 % 80/90 %             1m soft   97.3 % used: very very very …",
        "  UNKNOWN  Temperature                          –                     10m stale no�[2Janswer",
        "  WARN     Filesystem /                    81.2 % 80/90 %             1h        81.2 % used",
        "  OK       Load                              0.42 5/10                1d        Load is OK",
    ]


def test_the_lines_below_tell_all_of_the_service(fleet: Fleet, url: str) -> None:
    """The summary on two lines, how sure the state is; they follow the cursor."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await enter(driver)
        assert driver.lines()[-5:-2] == [
            " CRIT Memory: 97.3 % used: very very very very very very very very very very",
            " very very very very very very very very very very very very very very very …",
            " check memory, soft state, attempt 2, checked 5s ago",
        ]
        await driver.press("down")
        assert driver.lines()[-5:-3] == [
            " UNKNOWN Temperature: no�[2Janswer",
            " check temperature, stale: no new data, no graph",
        ]

    drive(url, script)


def test_refreshes_keep_the_cursor_and_show_what_is_new(fleet: Fleet, url: str) -> None:
    """A service that gets well moves down and takes the cursor along."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await enter(driver)
        await driver.press("down", "down")
        assert "▸ WARN     Filesystem /" in driver.text()
        fleet.services["alpha"][1] |= {"state": "OK", "value": 12.0}
        await driver.sees("▸ OK       Filesystem /", "12 %")
        await driver.press("slash", *"stale", "enter")
        await driver.sees("4 services, showing 1: filter “stale”", "▸ UNKNOWN  Temperature")
        await driver.press("escape", "escape")
        await driver.sees("Fleet  1 host ")

    drive(url, script)


def test_a_host_that_is_gone_is_said_in_the_servers_words(fleet: Fleet, url: str) -> None:
    """And the way back is open."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await enter(driver)
        del fleet.services["alpha"]
        await driver.sees("server fails since 12:00:00, trying again: no host 'alpha' is known here")
        await driver.press("escape")
        await driver.sees("Fleet", "live")

    drive(url, script)
