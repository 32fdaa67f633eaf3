"""A host is UP while it reports, DOWN when it is silent or known to be away."""

from __future__ import annotations

from tests.server.checks.rig import MINUTE, START, Rig, result, told
from vedette_server.checks import HostsConfig
from vedette_server.checks.findings import Findings
from vedette_server.state import HostRow, StateChange
from vedette_shared.config import Duration


def states(rig: Rig) -> dict[str, str]:
    return {host.host: host.state for host in rig.fleet.hosts()}


def later(rig: Rig, seconds: float, **ages: float | None) -> Findings:
    rig.clock.advance(int(seconds * 1000))
    return rig.see(**ages)


def test_a_silent_host_goes_down_and_comes_back() -> None:
    rig = Rig()
    first = rig.see(h1=0, h2=0)
    assert (first.new_hosts, told(first)) == (2, [])
    for _ in range(4):
        assert not later(rig, 15, h1=0)
    assert states(rig) == {"h1": "UP", "h2": "UP"}
    down = later(rig, 15, h1=0)
    assert told(down) == [("h2", "", "UP", "DOWN")]
    assert down.alerts[0].summary == "has not reported for 1m15s"
    assert down.batch.events == (
        StateChange(
            START + 75_000,
            "h2",
            "",
            "",
            "UP",
            "DOWN",
            True,
            1,
            down.batch.events[0].value,
            "has not reported for 1m15s",
        ),
    )
    assert states(rig) == {"h1": "UP", "h2": "DOWN"}
    assert not later(rig, 15, h1=0)
    up = later(rig, 15, h1=0, h2=1)
    assert (up.new_hosts, told(up)) == (1, [("h2", "", "DOWN", "UP")])
    assert (up.alerts[0].starts, up.alerts[0].ends) == (START + 75_000, START + 105_000)
    assert up.alerts[0].summary == "reports again after 30s"


def test_a_host_that_is_known_to_be_away_is_down_at_once() -> None:
    rig = Rig()
    rig.see(h1=0)
    assert told(later(rig, 15, h1=None)) == [("h1", "", "UP", "DOWN")]
    (host,) = rig.fleet.hosts()
    assert (host.state, host.summary, host.last_seen) == ("DOWN", "has not reported for 15s", START)


def test_a_host_that_never_reported() -> None:
    rig = Rig()
    assert told(rig.see(h1=None)) == [("h1", "", "UP", "DOWN")]
    (host,) = rig.fleet.hosts()
    assert (host.state, host.summary, host.last_seen) == ("DOWN", "has never reported", 0)


def test_of_several_sources_of_a_host_the_one_that_reported_last_counts() -> None:
    rig = Rig()
    now = START / 1000
    rig.cycle.see_hosts(
        result({(("host", "h1"), ("job", "node")): 0.0, (("host", "h1"), ("job", "snmp")): now - 5}), START
    )
    assert states(rig) == {"h1": "UP"}
    assert rig.fleet.hosts()[0].last_seen == START - 5000


def test_attempts() -> None:
    rig = Rig(hosts=HostsConfig(attempts=3))
    rig.see(h1=0)
    course = []
    for _ in range(3):
        alerts = told(later(rig, 15, h1=None))
        host = rig.fleet.hosts()[0]
        course.append((host.state, host.attempt, host.hard, len(alerts)))
    assert course == [("DOWN", 1, False, 0), ("DOWN", 2, False, 0), ("DOWN", 3, True, 1)]


def test_after_a_pause_silence_proves_nothing() -> None:
    """When the server was away itself, every host gets the time that it has to report again, and stays as it is."""
    rig = Rig()
    rig.see(h1=0, h2=None)
    rig.pass_minutes(60)
    assert not rig.see()
    assert states(rig) == {"h1": "UP", "h2": "DOWN"}
    for _ in range(4):
        assert not later(rig, 15)
    assert told(later(rig, 15)) == [("h1", "", "UP", "DOWN")]


def test_a_clock_that_was_set_back_keeps_no_host_up_for_longer() -> None:
    rig = Rig()
    rig.see(h1=0)
    rig.clock.step(-3_600_000)
    rig.see()
    for _ in range(4):
        later(rig, 15)
    assert told(later(rig, 15)) == [("h1", "", "UP", "DOWN")]


def test_a_host_that_only_its_services_show_is_up() -> None:
    rig = Rig()
    found = rig.disks(h1_=50)
    (host,) = rig.fleet.hosts()
    assert (found.new_hosts, host.state, host.summary) == (1, "UP", "reports, but not whether it is up")


def test_a_host_that_has_been_down_for_long_is_forgotten_with_its_services() -> None:
    rig = Rig(hosts=HostsConfig(forget_after=Duration(10 * MINUTE)))
    rig.see(h1=0, h2=0)
    rig.disks(h1_=95, h2_=50)
    rig.see(h1=0, h2=None)
    whole = Findings()
    for _ in range(41):
        whole = whole.then(later(rig, 15, h1=0))
    assert states(rig) == {"h1": "UP"}
    assert whole.batch.removed_hosts == ("h2",)
    assert [key.host for key in whole.batch.removed_services] == ["h2"]
    assert [(event.host, event.service, event.state) for event in whole.batch.events] == [
        ("h2", "", "REMOVED"),
        ("h2", "Filesystem /", "REMOVED"),
    ]
    assert [(alert.state, alert.summary) for alert in whole.alerts] == [("UP", "removed: it has not reported for 10m")]
    assert rig.see(h1=0, h2=0).new_hosts == 1
    assert states(rig) == {"h1": "UP", "h2": "UP"}


def test_what_is_stored_restores_the_fleet() -> None:
    """After a restart nobody is told again, and what changed meanwhile is told."""
    before = Rig()
    found = before.see(h1=0, h2=0, h3=None)
    found = found.then(before.disks(h1_=95, h1_srv=50, h2_=85))
    after = Rig()
    assert not after.cycle.restore(found.batch.hosts, found.batch.services)
    assert states(after) == {"h1": "UP", "h2": "UP", "h3": "DOWN"}
    assert [service.state for service in after.fleet.services("h1")] == ["CRIT", "OK"]
    after.pass_minutes()
    after.see(h1=0, h2=0, h3=None)
    assert not after.disks(h1_=96, h1_srv=51, h2_=86)
    assert told(after.disks(h1_=96, h1_srv=51, h2_=50)) == [("h2", "Filesystem /", "WARN", "OK")]


def test_what_no_check_stands_for_any_more_is_removed_on_restore() -> None:
    before = Rig()
    found = before.see(h1=0).then(before.disks(h1_=95))
    (row,) = found.batch.services
    other = row.key._replace(check="gone")
    strange = [type(row)(other, *(getattr(row, name) for name in row.__slots__[1:]))]
    after = Rig()
    removed = after.cycle.restore(found.batch.hosts, strange).batch.removed_services
    assert removed == (other,)
    assert Rig().cycle.restore([], found.batch.services).batch.removed_services == (row.key,)


def test_rows_are_whole() -> None:
    rig = Rig()
    assert rig.see(h1=5).batch.hosts == (HostRow("h1", 0, 0, 1, START, 0, START - 5000, 0, judged=True),)
