"""What the person sees when the server is not there, does not answer, or answers nonsense."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from textual.color import Color

from tests.tui.driver import Driver, drive
from tests.tui.fake_api import Fleet, make_host, make_service, serving


@pytest.fixture(autouse=True)
def fill(fleet: Fleet) -> None:
    """One host."""
    fleet.hosts = [make_host("alpha", OK=1)]
    fleet.services["alpha"] = [make_service("alpha", "Memory")]


def brightness(driver: Driver, text: str) -> float:
    """How bright ``text`` is drawn, from 0 to 1."""
    for strip in driver.app.screen._compositor.render_strips():
        for segment in strip:
            if text in segment.text:
                assert segment.style is not None
                return Color.from_rich_color(segment.style.color).brightness
    raise AssertionError(f"no {text!r} on the screen")


def test_it_starts_without_a_server_and_finds_it(fleet: Fleet) -> None:
    """And goes on when the server goes and comes back: the last data stays, dimmed."""

    async def script(driver: Driver) -> None:
        await driver.sees("server away since 12:00:00, trying again: http://127.0.0.1:", "(connection r")
        with serving(fleet, port):
            await driver.sees("alpha", "live  http://127.0.0.1:")
            bright = brightness(driver, "alpha")
        driver.clock.advance(61_000)
        await driver.sees("server away since 12:01:01, trying again")
        assert brightness(driver, "alpha") < bright * 0.8
        await driver.press("enter")
        await driver.sees("waiting for the server", "server away since 12:01:01")
        driver.clock.advance(61_000)
        with serving(fleet, port):
            await driver.sees("Memory", "live", "as of 12:02:02")
            assert brightness(driver, "Memory") == bright

    with serving(fleet) as url:
        port = int(url.rpartition(":")[2])
    drive(url, script)


def test_ages_go_on_while_the_server_is_away(fleet: Fleet) -> None:
    """What was seen 5 s ago when the server went was seen 65 s ago a minute later."""
    fleet.hosts = [make_host("alpha", OK=1, last_seen=fleet.now() - 5_000)]

    async def script(driver: Driver) -> None:
        await driver.sees("  5s")
        stack.close()
        await driver.sees("server away")
        driver.clock.advance(60_000)
        await driver.sees("  1m")

    with ExitStack() as stack:
        drive(stack.enter_context(serving(fleet)), script)


def test_a_server_that_is_silent_counts_as_away(fleet: Fleet, url: str) -> None:
    """Patience has an end."""

    async def script(driver: Driver) -> None:
        await driver.sees("alpha")
        fleet.delay_s = 0.6
        await driver.sees("server away since 12:00:00, trying again", "(no answer in 0.3 s)")
        fleet.delay_s = 0
        await driver.sees("live")

    drive(url, script, patience_s=0.3, size=(120, 24))


def test_garbage_is_named_as_such(fleet: Fleet, url: str) -> None:
    """One line; the last data stays; it recovers by itself."""

    async def script(driver: Driver) -> None:
        await driver.sees("alpha", "live")
        fleet.garbage = b"<html>\xff\x1b[2J"
        await driver.sees("server fails since 12:00:00, trying again: not a Vedette server's answer", "alpha")
        fleet.garbage = None
        await driver.sees("live")

    drive(url, script, size=(120, 24))


def test_quit_while_a_question_is_under_way(fleet: Fleet, url: str) -> None:
    """Nothing waits for the answer."""

    async def script(driver: Driver) -> None:
        await driver.sees("alpha")
        fleet.delay_s = 0.5
        await driver.pilot.pause(0.1)
        await driver.press("q")
        assert driver.app.return_code == 0

    drive(url, script)
