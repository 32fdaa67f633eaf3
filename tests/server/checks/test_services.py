"""The series of a query become services with states that change as those of Nagios and Check_MK do."""

from __future__ import annotations

import math

import pytest

from tests.server.checks.rig import MINUTE, START, Rig, result, told
from vedette_server.checks import Check, Findings, LevelsStatus, Override, ServiceStatus
from vedette_server.notify.alert import Alert
from vedette_server.state import ServiceKey, StateChange
from vedette_shared.config import Duration


def test_series_become_services_and_levels_states() -> None:
    rig = Rig()
    rig.see(h1=0, h2=0)
    found = rig.disks(h1_=79.9, h1_srv=80, h2_=90)
    assert rig.states("h1") == {"Filesystem /": "OK", "Filesystem /srv": "WARN"}
    assert rig.states("h2") == {"Filesystem /": "CRIT"}
    assert told(found) == [("h1", "Filesystem /srv", "OK", "WARN"), ("h2", "Filesystem /", "OK", "CRIT")]
    assert [(host.host, host.state, host.services) for host in rig.fleet.hosts()] == [
        ("h1", "UP", {"OK": 1, "WARN": 1, "CRIT": 0, "UNKNOWN": 0}),
        ("h2", "UP", {"OK": 0, "WARN": 0, "CRIT": 1, "UNKNOWN": 0}),
    ]
    assert rig.fleet.totals() == {"OK": 1, "WARN": 1, "CRIT": 1, "UNKNOWN": 0}


def test_a_service_as_the_api_shows_it() -> None:
    rig = Rig()
    rig.see(h1=0)
    rig.disks(h1_=91.25)
    rig.pass_minutes()
    assert rig.fleet.services("h1") == [
        ServiceStatus(
            host="h1",
            service="Filesystem /",
            check="disk",
            labels={"mountpoint": "/"},
            state="CRIT",
            hard=True,
            attempt=1,
            value=91.25,
            unit="%",
            levels=LevelsStatus((80.0, 90.0), None),
            summary="91.2 % used (warn/crit at 80 %/90 %)",
            since=START,
            last_check=START,
            stale=False,
            graph='disk_used{host="h1",mountpoint="/"}',
        )
    ]
    assert rig.fleet.services("h9") == []


def test_what_a_problem_hands_on() -> None:
    rig = Rig()
    rig.see(h1=0)
    rig.disks(h1_=50)
    rig.pass_minutes()
    found = rig.disks(h1_=95)
    summary = "95 % used (warn/crit at 80 %/90 %)"
    assert found.alerts == (
        Alert(
            kind="service",
            host="h1",
            service="Filesystem /",
            check="disk",
            labels={"host": "h1", "mountpoint": "/"},
            state="CRIT",
            previous_state="OK",
            time=START + MINUTE,
            since=START + MINUTE,
            starts=START + MINUTE,
            summary=summary,
            value=95.0,
            unit="%",
            upper=(80.0, 90.0),
            graph='disk_used{host="h1",mountpoint="/"}',
        ),
    )
    assert found.batch.events == (
        StateChange(START + MINUTE, "h1", "Filesystem /", "disk", "OK", "CRIT", True, 1, 95.0, summary),
    )
    assert [row.key for row in found.batch.services] == [ServiceKey("h1", "disk", (("mountpoint", "/"),))]


def test_nothing_new_hands_nothing_on() -> None:
    rig = Rig()
    rig.see(h1=0)
    rig.disks(h1_=50, h1_srv=95)
    rig.pass_minutes()
    rig.see(h1=0)
    assert not rig.disks(h1_=51, h1_srv=96)


def test_a_problem_that_changes_and_ends() -> None:
    rig = Rig()
    rig.see(h1=0)
    history = []
    for used in (85, 95, 85, 50):
        history += [
            (alert.previous_state, alert.state, alert.starts, alert.ends) for alert in rig.disks(h1_=used).alerts
        ]
        rig.pass_minutes()
    assert history == [
        ("OK", "WARN", START, None),
        ("WARN", "CRIT", START, None),
        ("CRIT", "WARN", START, None),
        ("WARN", "OK", START, START + 3 * MINUTE),
    ]


ATTEMPTS = [
    ("soft, then hard", (95, 95, 95), [("CRIT", 1, False), ("CRIT", 2, False), ("CRIT", 3, True)], ["CRIT"]),
    ("a soft end is silent", (95, 50, 95), [("CRIT", 1, False), ("OK", 1, True), ("CRIT", 1, False)], []),
    (
        "soft states of any kind count on",
        (85, 95, 85),
        [("WARN", 1, False), ("CRIT", 2, False), ("WARN", 3, True)],
        ["WARN"],
    ),
    (
        "once hard, another problem is hard at once, and the end too",
        (95, 95, 95, 85, 50),
        [("CRIT", 1, False), ("CRIT", 2, False), ("CRIT", 3, True), ("WARN", 3, True), ("OK", 1, True)],
        ["CRIT", "WARN", "OK"],
    ),
]


@pytest.mark.parametrize(("used", "states", "alerts"), [row[1:] for row in ATTEMPTS], ids=[row[0] for row in ATTEMPTS])
def test_attempts(used: tuple[float, ...], states: list[tuple[str, int, bool]], alerts: list[str]) -> None:
    rig = Rig(Check("disk", "Filesystem {mountpoint}", "disk_used", upper=(80.0, 90.0), attempts=3))
    rig.see(h1=0)
    seen, sent = [], []
    for value in used:
        sent += [alert.state for alert in rig.disks(h1_=value).alerts]
        service = rig.fleet.services("h1")[0]
        seen.append((service.state, service.attempt, service.hard))
        rig.pass_minutes()
    assert (seen, sent) == (states, alerts)


def test_lower_levels_and_levels_that_never_apply() -> None:
    rig = Rig(Check("disk", "Filesystem {mountpoint}", "disk_free", upper=(90.0, math.inf), lower=(10.0, 5.0)))
    rig.see(h1=0)
    rig.disks(h1_a=10, h1_b=9.9, h1_c=4.9, h1_d=99, h1_e=math.nan)
    assert rig.states() == {
        "Filesystem /a": "OK",
        "Filesystem /b": "WARN",
        "Filesystem /c": "CRIT",
        "Filesystem /d": "WARN",
        "Filesystem /e": "UNKNOWN",
    }
    assert [service.summary for service in rig.fleet.services("h1")] == [
        "10",
        "9.9 (warn/crit at 90/never, warn/crit below 10/5)",
        "4.9 (warn/crit at 90/never, warn/crit below 10/5)",
        "99 (warn/crit at 90/never, warn/crit below 10/5)",
        "the value is not a number",
    ]
    assert rig.fleet.services("h1")[0].levels == LevelsStatus((90.0, None), (10.0, 5.0))


def test_the_first_override_that_matches_counts() -> None:
    overrides = (
        Override({"host": "db.*", "mountpoint": "/srv"}, upper=(95.0, 98.0)),
        Override({"host": "db.*"}),
    )
    rig = Rig(Check("disk", "Filesystem {mountpoint}", "disk_used", upper=(80.0, 90.0), override=overrides))
    rig.see(db1=0, web1=0)
    rig.disks(db1_=99, db1_srv=96, web1_srv=96)
    assert rig.states("db1") == {"Filesystem /": "OK", "Filesystem /srv": "WARN"}
    assert rig.states("web1") == {"Filesystem /srv": "CRIT"}


def test_of_several_series_for_one_service_the_worst_counts() -> None:
    rig = Rig(Check("disk", "Disks", "disk_used", upper=(80.0, 90.0)))
    rig.see(h1=0)
    rig.disks(h1_a=85, h1_b=math.nan, h1_c=50)
    assert rig.states() == {"Disks": "UNKNOWN"}
    rig.disks(h1_a=85, h1_b=math.nan, h1_c=95)
    assert rig.states() == {"Disks": "CRIT"}


def test_a_series_without_a_host_is_nobodys() -> None:
    rig = Rig()
    assert not rig.cycle.evaluate("disk", result({(("mountpoint", "/"),): 99.0}), START)
    assert rig.fleet.hosts() == []


def test_between_evaluations_only_new_services_are_looked_at() -> None:
    rig = Rig(Check("disk", "Filesystem {mountpoint}", "disk_used", upper=(80.0, 90.0), attempts=2))
    rig.see(h1=0)
    rig.disks(h1_=95)
    rig.disks(new_only=True, h1_=50, h1_srv=50)
    assert rig.states() == {"Filesystem /": "CRIT", "Filesystem /srv": "OK"}
    assert [service.attempt for service in rig.fleet.services("h1")] == [1, 1]


def test_an_item_without_data_goes_stale_then_unknown_and_is_removed_in_the_end() -> None:
    rig = Rig(Check("disk", "Filesystem {mountpoint}", "disk_used", unit="%", forget_after=Duration(10 * MINUTE)))
    rig.see(h1=0)
    rig.disks(h1_=50, h1_srv=50)
    timeline = []
    for _ in range(3):
        rig.pass_minutes()
        stale = {service.service: service.stale for service in rig.fleet.services("h1")}["Filesystem /srv"]
        rig.see(h1=0)
        alerts = [alert.state for alert in rig.disks(h1_=50).alerts]
        service = rig.fleet.services("h1")[1]
        timeline.append((stale, service.state, service.summary, alerts))
    assert timeline == [
        (False, "OK", "50 %", []),
        (True, "UNKNOWN", "no data for 2m", ["UNKNOWN"]),
        (True, "UNKNOWN", "no data for 3m", []),
    ]
    last = Findings()
    for _ in range(10):
        rig.pass_minutes()
        rig.see(h1=0)
        last = last.then(rig.disks(h1_=50))
    assert rig.states() == {"Filesystem /": "OK"}
    assert [(alert.state, alert.summary) for alert in last.alerts] == [("OK", "removed: no data for 10m")]
    assert [(event.previous, event.state) for event in last.batch.events] == [("UNKNOWN", "REMOVED")]
    assert last.batch.removed_services == (ServiceKey("h1", "disk", (("mountpoint", "/srv"),)),)


def test_an_item_that_comes_back() -> None:
    rig = Rig()
    rig.see(h1=0)
    rig.disks(h1_=50)
    for _ in range(2):
        rig.pass_minutes()
        rig.see(h1=0)
        rig.disks()
    assert rig.states() == {"Filesystem /": "UNKNOWN"}
    assert told(rig.disks(h1_=51)) == [("h1", "Filesystem /", "UNKNOWN", "OK")]


def test_a_gap_in_the_evaluation_is_no_lack_of_data() -> None:
    """After a pause of the server, absence proves nothing until one and a half intervals have passed."""
    rig = Rig()
    rig.see(h1=0)
    rig.disks(h1_=50)
    rig.pass_minutes(30)
    rig.see(h1=0)
    rig.disks()
    assert rig.states() == {"Filesystem /": "OK"}


def test_while_a_host_is_down_its_services_stay_as_they_are_and_nobody_is_told() -> None:
    rig = Rig()
    rig.see(h1=0)
    rig.disks(h1_=50)
    rig.pass_minutes(2)
    assert told(rig.see(h1=None)) == [("h1", "", "UP", "DOWN")]
    assert not rig.disks(h1_=95)
    assert not rig.disks()
    (service,) = rig.fleet.services("h1")
    assert (service.state, service.stale) == ("OK", True)


def test_a_problem_that_is_there_when_its_host_is_up_again_is_told_then() -> None:
    rig = Rig(Check("disk", "Filesystem {mountpoint}", "disk_used", upper=(80.0, 90.0), attempts=3, while_down=True))
    rig.see(h1=0)
    rig.disks(h1_=50)
    rig.see(h1=None)
    assert told(rig.disks(h1_=95)) == []
    (service,) = rig.fleet.services("h1")
    assert (service.state, service.hard) == ("CRIT", True)
    assert told(rig.see(h1=0)) == [("h1", "", "DOWN", "UP")]
    assert told(rig.disks(h1_=95)) == [("h1", "Filesystem /", "OK", "CRIT")]
