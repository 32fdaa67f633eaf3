"""What people read."""

from __future__ import annotations

import math

import msgspec
import pytest

from tests.server.notify.alerts import CRIT, DOWN, OK
from vedette_server.notify.text import body, graph_link, subject_line
from vedette_server.notify.units import format_levels, format_value


def test_subject_lines() -> None:
    assert subject_line(CRIT) == "[CRIT] h1 / Filesystem /: 91.2 % used (warn/crit at 80 %/90 %)"
    assert subject_line(DOWN) == "[DOWN] h1: has not reported for 1m15s"


def test_nothing_in_an_alert_can_add_a_line() -> None:
    alert = msgspec.structs.replace(CRIT, service="Filesystem /a\r\nBcc: x@y.z", summary="a\nb")
    assert subject_line(alert) == "[CRIT] h1 / Filesystem /a  Bcc: x@y.z: a b"


def test_the_body_of_a_problem() -> None:
    assert (
        body(CRIT, "n1", "https://mon.example.org/")
        == """\
CRIT: h1 / Filesystem /
91.2 % used (warn/crit at 80 %/90 %)

Host:     h1
Service:  Filesystem /
State:    OK -> CRIT, since 2023-11-14 22:13:20 UTC
Problem:  since 2023-11-14 22:13:20 UTC
Value:    91.2 %
Levels:   warn/crit at 80 %/90 %
Check:    filesystem
Item:     mountpoint=/
Query:    disk_used{host="h1",mountpoint="/"}
Link:     https://mon.example.org/api/v1/query?query=disk_used%7Bhost%3D%22h1%22%2Cmountpoint%3D%22%2F%22%7D

Vedette, notification n1
"""
    )


def test_the_body_of_an_end_and_of_a_host() -> None:
    assert "Problem:  since 2023-11-14 22:13:20 UTC, until 2023-11-14 22:25:50 UTC, for 12m30s\n" in body(OK, "n2", "")
    assert (
        body(DOWN, "n3", "")
        == """\
DOWN: h1
has not reported for 1m15s

Host:     h1
State:    UP -> DOWN, since 2023-11-14 22:13:20 UTC
Problem:  since 2023-11-14 22:13:20 UTC

Vedette, notification n3
"""
    )


def test_links_only_where_there_is_something_to_link() -> None:
    assert graph_link(CRIT, "") == ""
    assert graph_link(DOWN, "https://mon.example.org") == ""


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (91.25, "%", "91.2 %"),
        (100.0, "%", "100 %"),
        (0.04, "%", "0 %"),
        (-0.01, "%", "0 %"),
        (0.0, "", "0"),
        (1234.5, "", "1234"),
        (0.123456, "", "0.123"),
        (3.0, "processes", "3 processes"),
        (0.25, "/s", "0.25/s"),
        (512.0, "B", "512 B"),
        (1536.0, "B", "1.5 KiB"),
        (5 * 2**30, "B", "5 GiB"),
        (-2048.0, "B/s", "-2 KiB/s"),
        (0.0123, "s", "12.3 ms"),
        (16.0, "s", "16 s"),
        (125.0, "s", "2m5s"),
        (90061.0, "s", "1d1h1m"),
        (math.inf, "%", "never"),
        (math.nan, "%", "no value"),
    ],
)
def test_values(value: float, unit: str, text: str) -> None:
    assert format_value(value, unit) == text


def test_levels() -> None:
    assert format_levels((80.0, 90.0), (), "%") == "warn/crit at 80 %/90 %"
    assert format_levels((1.0, math.inf), (-1.0, -math.inf)) == "warn/crit at 1/never, warn/crit below -1/never"
    assert format_levels((), ()) == ""
