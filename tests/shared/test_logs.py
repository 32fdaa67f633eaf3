"""A log line is key=value pairs, quoted where they need it."""

import logging

import pytest

from vedette_shared.logs import KeyValueFormatter, get_logger


def record(**fields: object) -> logging.LogRecord:
    made = logging.LogRecord("vedette_agent.push", logging.WARNING, "", 0, "server away", None, None)
    made.created = 1_700_000_000.25
    made.fields = fields
    return made


def test_on_a_terminal_the_line_bears_the_time() -> None:
    line = KeyValueFormatter(journal=False).format(record(attempt=3, error='no "route"\nat all', url="http://h:1/"))
    assert line == (
        "time=2023-11-14T22:13:20.250Z level=warning logger=vedette_agent.push"
        ' event="server away" attempt=3 error="no \\"route\\"\\nat all" url=http://h:1/'
    )


def test_under_journald_it_bears_the_priority() -> None:
    line = KeyValueFormatter(journal=True).format(record())
    assert line == '<4>level=warning logger=vedette_agent.push event="server away"'


def test_fields_reach_the_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "vedette_agent.push")
    get_logger("vedette_agent.push").info("pushed", frames=2)
    assert [(entry.getMessage(), entry.fields) for entry in caplog.records] == [("pushed", {"frames": 2})]
