"""The events of the fleet and of a host, driven by keys against a real server."""

from __future__ import annotations

from tests.tui.driver import Driver, drive
from tests.tui.fake_api import Fleet, make_event, make_host, make_service

LABELS = {"sensor": "PS2 Status", "record": "17"}


def fill(fleet: Fleet) -> None:
    """Two hosts, and an event of each severity."""
    now = fleet.now()
    fleet.hosts = [make_host("alpha", WARN=1), make_host("beta", OK=1)]
    fleet.services = {name: [make_service(name, "Memory")] for name in ("alpha", "beta")}
    fleet.events = [
        make_event(1, "alpha", "machine: restarted", now - 86_400_000, severity="info", source="node"),
        make_event(2, "alpha", "PS2 Status: " + "input lost " * 12, now - 60_000, severity="critical", labels=LABELS),
        make_event(3, "beta", "link\x1b[2J down", now - 3_600_000, source="snmp"),
    ]


async def enter(driver: Driver) -> None:
    """From the fleet to its events."""
    await driver.sees("alpha", "e Events")
    await driver.press("e")
    await driver.sees("3 events")


def test_events_are_shown_newest_first(fleet: Fleet, url: str) -> None:
    """With time, severity, host, source and text; below, more of the one under the cursor."""
    fill(fleet)

    async def script(driver: Driver) -> list[str]:
        await enter(driver)
        return driver.lines()

    lines = drive(url, script)
    assert lines[:5] == [
        " Fleet  3 events  1 critical  1 warning  1 info",
        "  TIME▼          SEVERITY  HOST            SOURCE  TEXT",
        "▸ 09-09 00:59:00 critical  alpha           ipmi    PS2 Status: input lost inpu…",
        "  09-09 00:00:00 warning   beta            snmp    link�[2J down",
        "  09-08 01:00:00 info      alpha           node    machine: restarted",
    ]
    assert lines[-5:-2] == [
        " critical PS2 Status: input lost input lost input lost input lost input lost",
        " input lost input lost input lost input lost input lost input lost input lost",
        " alpha ipmi, 1m ago  record=17  sensor=PS2 Status",
    ]


def test_what_arrives_is_shown_and_the_cursor_stays(fleet: Fleet, url: str) -> None:
    """On the first row it stays on the newest; on another one it stays on its event."""
    fill(fleet)
    now = fleet.now()

    async def script(driver: Driver) -> None:
        await enter(driver)
        fleet.events.append(make_event(4, "beta", "fan 3 stopped", now))
        await driver.sees("4 events", "▸ 09-09 01:00:00 warning   beta            ipmi    fan 3 stopped")
        await driver.press("down", "down")
        fleet.events.append(make_event(5, "beta", "fan 3 runs", now + 1000, severity="info"))
        await driver.sees("  09-09 01:00:01 info      beta            ipmi    fan 3 runs", "▸ 09-09 00:00:00")

    drive(url, script)


def test_problems_and_filter(fleet: Fleet, url: str) -> None:
    """Problems are asked for from the server, so that they are seen behind any number of other events; labels count as
    words of a row."""
    fill(fleet)
    fleet.events += [
        make_event(number, "beta", "tick", fleet.now() - number, severity="info") for number in range(4, 1010)
    ]

    async def script(driver: Driver) -> None:
        await driver.sees("alpha")
        await driver.press("e")
        await driver.sees("1000 events  1000 info  older ones not shown")
        await driver.press("p")
        await driver.sees("2 events, showing 2: problems only  1 critical  1 warning", "beta")
        await driver.press("slash", *"sensor=ps2", "enter")
        await driver.sees("showing 1: problems only, filter “sensor=ps2”", "▸ 09-09 00:59:00 critical")
        await driver.press("escape", "p")
        await driver.sees("1000 events  1000 info")
        fleet.events.clear()
        await driver.press("p")
        await driver.sees("no problems; p shows all")

    drive(url, script)


def test_an_event_in_full(fleet: Fleet, url: str) -> None:
    """Enter shows all of the text, every label, when it came and from whom; nothing of it steers the terminal."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await enter(driver)
        await driver.press("enter")
        await driver.sees(
            "critical of alpha",
            "received    2001-09-09 00:59:02 UTC",
            "from agent  alpha",
            "record      17",
            "Esc closes",
        )
        assert driver.text().count("input lost") >= 12
        await driver.press("escape", "down", "enter")
        await driver.sees("warning of beta", "link�[2J down")

    drive(url, script)


def test_a_hosts_events_and_an_events_host(fleet: Fleet, url: str) -> None:
    """From a host to what happened there, from an event to its host, and back by Esc."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await driver.sees("alpha")
        await driver.press("enter")
        await driver.sees("alpha  1 service", "e Events")
        await driver.press("e")
        await driver.sees(" alpha  2 events  1 critical  1 info", "TIME▼          SEVERITY  SOURCE")
        assert "h Host" not in driver.text()
        await driver.press("escape", "escape")
        await enter(driver)
        assert "h Host" in driver.text()
        await driver.press("down", "h")
        await driver.sees("beta  1 service")
        await driver.press("escape")
        await driver.sees("Fleet  3 events")

    drive(url, script)


def test_a_server_without_events(fleet: Fleet, url: str) -> None:
    """No event is said, as is a server that begins anew and one that knows no events."""
    fill(fleet)

    async def script(driver: Driver) -> None:
        await enter(driver)
        del fleet.events[1:]
        await driver.sees("1 event  1 info")
        fleet.events.clear()
        await driver.sees("no events yet")
        fleet.garbage = b'{"status": "error", "error": "no such page"}'
        await driver.sees("server fails since 12:00:00, trying again: no such page")

    drive(url, script)
