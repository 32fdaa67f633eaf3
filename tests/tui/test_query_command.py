"""``vedette query`` prints what people can read, or JSON, and says in one line what went wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest

from tests.tui.serving import QuietHandler, serving
from vedette_shared import command
from vedette_shared.clock import ManualClock
from vedette_tui.query_command import Span, build_parser, run, span_of


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    asked: list[dict[str, list[str]]] = []

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802  http.server calls it so
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.reply(status, body)

    with serving(Handler) as url:
        yield url, asked


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"resultType": "scalar", "result": [0, "2"]}
    body = json.dumps({"status": "success", "data": data, "warnings": ["mind the gap"]}).encode()
    with answering(200, body) as (url, asked):
        assert command.main(["query", "1+1", "--server", url, "--json"]) == 0
    output = capsys.readouterr()
    assert (asked, json.loads(output.out), output.err) == ([{"query": ["1+1"]}], data, "mind the gap\n")


FAILURES = [
    (
        400,
        b'{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected end of input"}',
        "vedette: 1:3: parse error: unexpected end of input\n",
    ),
    (200, b"<html>", "vedette: what answers at URL is not a Vedette server (status 200)\n"),
]


@pytest.mark.parametrize(("status", "body", "message"), FAILURES)
def test_failures(status: int, body: bytes, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(status, body) as (url, _):
        assert command.main(["query", "1+", "--server", url]) == 1
        assert capsys.readouterr().err == message.replace("URL", url)


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, b"") as (url, _):
        pass
    assert command.main(["query", "up", "--server", url]) == 1
    assert capsys.readouterr().err == (
        f"vedette: no server answers at {url}: [Errno 111] Connection refused; name another one with --server\n"
    )


def test_not_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["query", "up", "--server", "h1"]) == 2
    assert capsys.readouterr().err == (
        "vedette: 'h1' is not the URL of a server; write it like http://127.0.0.1:9470\n"
    )


SPANS = [
    ([], None),
    (["--range", "1h"], Span(6400, 10_000, 120)),
    (["--range", "1h", "--step", "250ms"], Span(6400, 10_000, 0.25)),
    (["--range", "1h", "--json"], Span(6400, 10_000, 15)),
    (["--plot"], Span(6400, 10_000, 30)),
    (["--plot", "--range", "90s", "--step", "15s"], Span(9910, 10_000, 15)),
]


@pytest.mark.parametrize(("options", "span"), SPANS)
def test_spans(options: list[str], span: Span | None) -> None:
    """Back from now; without a step, as many values as can be shown."""
    arguments = build_parser("vedette query").parse_args(["up", *options])
    assert span_of(arguments, 80, ManualClock(10_000_000)) == span


MATRIX = {"resultType": "matrix", "result": [{"metric": {"__name__": "up"}, "values": [[6400, "1"], [10_000, "0"]]}]}


def test_range(capsys: pytest.CaptureFixture[str]) -> None:
    body = json.dumps({"status": "success", "data": MATRIX}).encode()
    with answering(200, body) as (url, asked):
        arguments = build_parser("vedette query").parse_args(["up", "--range", "1h", "--step", "1h", "--server", url])
        assert run(arguments, ManualClock(10_000_000)) == 0
    assert asked == [{"query": ["up"], "start": ["6400"], "end": ["10000"], "step": ["3600"]}]
    assert capsys.readouterr().out.splitlines() == [
        "up",
        "TIME                  VALUE",
        "1970-01-01T01:46:40Z      1",
        "1970-01-01T02:46:40Z      0",
    ]


def test_plot(capsys: pytest.CaptureFixture[str]) -> None:
    """Without colours where stdout is no terminal."""
    body = json.dumps({"status": "success", "data": MATRIX}).encode()
    with answering(200, body) as (url, _):
        arguments = build_parser("vedette query").parse_args(["up", "--plot", "--server", url])
        assert run(arguments, ManualClock(10_000_000)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1], max(map(len, lines))) == ("up", "⣿ 0", 80)


MISUSES = [
    (["--step", "15s"], "--step needs --range or --plot: say how far back to go, such as --range 1h"),
    (["--range", "0"], "--range must be 1s or more"),
    (["--range", "1h", "--step", "0"], "--step must be more than 0"),
    (
        ["--range", "1x"],
        "argument --range: '1x' is not a duration; write it like 15s, 5m, 1h30m or 250ms (see vedette query --help)",
    ),
    (["--json", "--plot"], "argument --plot: not allowed with argument --json (see vedette query --help)"),
]


@pytest.mark.parametrize(("options", "message"), MISUSES)
def test_misuse(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["query", "up", *options]) == 2
    assert capsys.readouterr().err == f"vedette: {message}\n"
