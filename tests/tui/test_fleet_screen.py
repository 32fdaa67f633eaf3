"""The fleet table, driven by keys against a real server."""

from __future__ import annotations

from tests.tui.driver import Driver, drive
from tests.tui.fake_api import Fleet, make_host, make_service


def fill(fleet: Fleet) -> None:
    """Four hosts, one of each kind of trouble."""
    now = fleet.now()
    fleet.hosts = [
        make_host("alpha", OK=5, since=now - 86_400_000, last_seen=now - 3_000, load1=0.25, memory_used_percent=31.5),
        make_host("beta", OK=3, WARN=2, since=now - 7_200_000, last_seen=now - 4_000, load1=7.5),
        make_host("gamma", "DOWN", UNKNOWN=4, since=now - 240_000, last_seen=now - 270_000, load1=None)
        | {"memory_used_percent": None},
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
    assert lines[:6] == [
        " Fleet  4 hosts  1 DOWN  1 CRIT  4 UNKNOWN  3 WARN  8 OK",
        "  STATE▼   HOST                   PROBLEMS             LOAD  MEMORY  SINCE  SEEN",
        "▸ DOWN     gamma                  4 UNKNOWN               –       –     4m    4m",
        "  UP       delta                  1 CRIT 1 WARN        0.50    99 %     1m    5s",
        "  UP       beta                   2 WARN               7.50    30 %     2h    4s",
        "  UP       alpha                  5 OK                 0.25  31.5 %     1d    3s",
    ]
