"""``vedette events`` prints a log that people can read, or JSON, and goes on as events arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.tui.serving import QuietHandler, serving
from vedette_shared import command
from vedette_shared.clock import ManualClock
from vedette_tui.events_command import build_parser, run


def event(number: int, **different: object) -> dict[str, Any]:
    made = {"id": number, "time": 1_700_000_000_000 + number * 1000, "host": "web1", "source": "ipmi"}
    return {**made, "severity": "critical", "text": f"PS{number}: input lost", "labels": {}, **different}


def page(*events: dict[str, Any], last: int = 0, after: str | None = None) -> bytes:
    data = {"time": 0, "events": events, "last": last, "next": after}
    return json.dumps({"status": "success", "data": data}).encode()


@contextmanager
def answering(*bodies: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that gives one answer after the other; no answer at all for an empty one, or when they are at an end."""
    asked: list[dict[str, str]] = []
    left = list(bodies)

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802  http.server calls it so
            url = urlsplit(self.path)
            assert url.path == "/api/fleet/v1/events"
            asked.append(dict(parse_qsl(url.query)))
            body = left.pop(0) if left else b""
            if body:
                self.reply(200, body)

    with serving(Handler) as url:
        yield url, asked


TABLE = """\
TIME                  SEVERITY  HOST      SOURCE  TEXT
2023-11-14T22:13:21Z  critical  web1      ipmi    PS1: input lost
2023-11-14T22:13:22Z  info      switch12  snmp    link�[31m up
"""


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The newest last, and nothing that a terminal would obey."""
    second = event(2, severity="info", host="switch12", source="snmp", text="link\x1b[31m up")
    with answering(page(second, event(1))) as (url, asked):
        assert command.main(["events", "--server", url]) == 0
    assert (capsys.readouterr().out, asked) == (TABLE, [{"limit": "100"}])


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(page(event(2), event(1))) as (url, _):
        assert command.main(["events", "--server", url, "--json"]) == 0
    assert [*map(json.loads, capsys.readouterr().out.splitlines())] == [event(1), event(2)]


def test_none(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(page()) as (url, _):
        assert command.main(["events", "--server", url]) == 0
    assert capsys.readouterr().out == "no event matches\n"


def test_options_and_pages(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--host", "web1", "--source", "ipmi", "--severity", "warning", "--since", "1h", "--limit", "1500"]
    with answering(page(event(3), event(2), after="5.2"), page(event(1))) as (url, asked):
        run(build_parser("events").parse_args([*options, "--server", url]), ManualClock(7_200_000))
    chosen = {"host": "web1", "source": "ipmi", "severity": "warning", "since": "3600.000"}
    assert asked == [{**chosen, "limit": "1000"}, {**chosen, "limit": "1000", "after": "5.2"}]
    assert [line[-15:-12] for line in capsys.readouterr().out.splitlines()[1:]] == ["PS1", "PS2", "PS3"]


def test_follow(capsys: pytest.CaptureFixture[str]) -> None:
    """Over a server that is away for a while; columns stay where they were, or grow."""

    class EnoughError(Exception):
        pass

    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 4:
            raise EnoughError

    bodies = page(event(1), last=1), b"", b"", page(event(3), event(2, host="longer"), last=3), page(last=3)
    with answering(*bodies) as (url, asked), pytest.raises(EnoughError):
        run(build_parser("events").parse_args(["--follow", "--server", url]), pause=pause)
    assert [one.get("arrived_after") for one in asked] == [None, "1", "1", "1", "3"]
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "TIME                  SEVERITY  HOST  SOURCE  TEXT",
        "2023-11-14T22:13:21Z  critical  web1  ipmi    PS1: input lost",
        "2023-11-14T22:13:22Z  critical  longer  ipmi    PS2: input lost",
        "2023-11-14T22:13:23Z  critical  web1    ipmi    PS3: input lost",
    ]
    assert output.err.count("trying again") == 1


@pytest.mark.parametrize(
    ("body", "code", "problem"),
    [
        (b"<html>", 1, "vedette: what answers at URL is not a Vedette server (status 200)\n"),
        (
            b'{"status":"success","data":{}}',
            1,
            "vedette: what answers at URL is not a Vedette server that knows events\n",
        ),
    ],
)
def test_failures(body: bytes, code: int, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(body) as (url, _):
        assert command.main(["events", "--server", url]) == code
        assert capsys.readouterr().err == problem.replace("URL", url)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--limit", "0"], "'0' is not a whole number from 1"),
        (["--since", "soon"], "argument --since"),
        (["--severity", "bad"], "invalid choice: 'bad'"),
    ],
)
def test_bad_usage(options: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["events", *options]) == 2
    assert problem in capsys.readouterr().err
