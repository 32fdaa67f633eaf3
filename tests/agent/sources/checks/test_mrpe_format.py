"""MRPE's configuration."""

import pytest

from vedette_agent.sources.checks.mrpe_format import MrpeLine, parse_mrpe


def test_lines() -> None:
    text = """
# comment
Users     /usr/lib/nagios/plugins/check_users -w 5 -c 10
Disk%20/  (interval=300:appendage=yes) check_disk -w '10 %' -p /
"""
    assert parse_mrpe(text) == [
        MrpeLine("Users", ("/usr/lib/nagios/plugins/check_users", "-w", "5", "-c", "10")),
        MrpeLine("Disk /", ("check_disk", "-w", "10 %", "-p", "/"), 300.0),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nalone", "line 2: 'alone' is not NAME COMMAND"),
        ("x (interval=often) y", "line 1: the interval 'often' is not a number of seconds"),
        ("x y 'z", "line 1: No closing quotation"),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_mrpe(text)
