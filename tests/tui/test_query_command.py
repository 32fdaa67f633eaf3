"""``vedette query`` prints what people can read, or JSON, and says in one line what went wrong."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest

from vedette_shared import command
from vedette_tui.query_command import render

RENDERED = [
    ({"resultType": "scalar", "result": [0, "2"]}, ["2"]),
    ({"resultType": "string", "result": [0, "text"]}, ["text"]),
    ({"resultType": "vector", "result": []}, ["no series matches"]),
    (
        {
            "resultType": "vector",
            "result": [
                {"metric": {"__name__": "up", "host": "h1"}, "value": [0, "1"]},
                {"metric": {}, "value": [0, "0.25"]},
            ],
        },
        ["SERIES         VALUE", 'up{host="h1"}      1', "{}              0.25"],
    ),
    (
        {"resultType": "matrix", "result": [{"metric": {"__name__": "up"}, "values": [[0, "1"], [1.5, "0"]]}]},
        [
            "SERIES  TIME                      VALUE",
            "up      1970-01-01T00:00:00.000Z      1",
            "        1970-01-01T00:00:01.500Z      0",
        ],
    ),
]


@pytest.mark.parametrize(("data", "lines"), RENDERED)
def test_renders(data: dict[str, Any], lines: list[str]) -> None:
    assert render(data) == lines


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    asked: list[dict[str, list[str]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


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
