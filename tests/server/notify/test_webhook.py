"""The JSON of a webhook, through a real HTTP server on loopback."""

from __future__ import annotations

import math
import socket
from functools import partial

import msgspec
import pytest
import trio

from tests.server.notify.alerts import CRIT, DOWN, OK
from tests.server.notify.http_sink import http_sink
from vedette_server.notify import WebhookConfig
from vedette_server.notify.errors import DeliveryError, RefusedError, SinkDownError
from vedette_server.notify.methods.webhook import Webhook, payload
from vedette_shared import __version__

FIRING = {
    "version": 1,
    "id": "n1",
    "status": "firing",
    "kind": "service",
    "host": "h1",
    "service": "Filesystem /",
    "check": "filesystem",
    "labels": {"host": "h1", "mountpoint": "/"},
    "state": "CRIT",
    "previous_state": "OK",
    "summary": "91.2 % used (warn/crit at 80 %/90 %)",
    "value": 91.25,
    "unit": "%",
    "levels": {"upper": [80.0, 90.0], "lower": None},
    "time": "2023-11-14T22:13:20.000Z",
    "since": "2023-11-14T22:13:20.000Z",
    "starts": "2023-11-14T22:13:20.000Z",
    "ends": None,
    "query": 'disk_used{host="h1",mountpoint="/"}',
    "links": {},
}


async def test_a_call() -> None:
    with http_sink() as sink:
        config = WebhookConfig("chat", sink.url, {"Authorization": "Bearer x", "Content-Type": "text/plain"})
        await Webhook(config, "").send("n1", CRIT)
    ((path, headers, body),) = sink.taken
    assert (path, body) == ("/hook?key=secret", FIRING)
    names = ("authorization", "content-type", "user-agent", "x-vedette-notification")
    assert [headers[name] for name in names] == ["Bearer x", "application/json", f"vedette/{__version__}", "n1"]


def test_the_end_of_a_problem() -> None:
    link = "https://mon.example.org"
    assert payload("n1", OK, link) == FIRING | {
        "status": "resolved",
        "state": "OK",
        "previous_state": "CRIT",
        "summary": "40 % used",
        "value": 40.0,
        "time": "2023-11-14T22:25:50.000Z",
        "since": "2023-11-14T22:25:50.000Z",
        "ends": "2023-11-14T22:25:50.000Z",
        "links": {
            "graph": f"{link}/api/v1/query?query=disk_used%7Bhost%3D%22h1%22%2Cmountpoint%3D%22%2F%22%7D",
        },
    }


def test_a_host_and_numbers_that_json_does_not_have() -> None:
    host = payload("n1", DOWN, "https://mon.example.org")
    assert [host[key] for key in ("kind", "service", "check", "value", "query", "links")] == [
        "host",
        None,
        None,
        None,
        None,
        {},
    ]
    alert = msgspec.structs.replace(CRIT, value=math.inf, upper=(1.0, math.inf))
    strange = payload("n1", alert, "")
    assert (strange["value"], strange["levels"]) == (None, {"upper": [1.0, None], "lower": None})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, RefusedError),
        (400, RefusedError),
        (404, RefusedError),
        (410, RefusedError),
        (408, SinkDownError),
        (429, SinkDownError),
        (500, SinkDownError),
        (503, SinkDownError),
    ],
)
async def test_a_call_that_is_not_taken(status: int, error: type[DeliveryError]) -> None:
    """The rest of the address stays out of the message: it may be a secret."""
    with http_sink() as sink:
        sink.status, sink.text = status, "because"
        with pytest.raises(error) as caught:
            await Webhook(WebhookConfig("chat", sink.url), "").send("n1", CRIT)
    assert str(caught.value) == f"127.0.0.1 answers {status} 'because'"


async def test_a_long_answer_is_not_read() -> None:
    with http_sink() as sink:
        sink.status, sink.text = 400, "x" * 10_000
        with pytest.raises(RefusedError, match=r"^127\.0\.0\.1 answers 400$"):
            await Webhook(WebhookConfig("chat", sink.url), "").send("n1", CRIT)


async def test_a_receiver_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SinkDownError, match=r"^127\.0\.0\.1: all attempts to connect to 127\.0\.0\.1:\d+ failed$"):
        await Webhook(WebhookConfig("chat", f"http://127.0.0.1:{port}/"), "").send("n1", CRIT)


async def test_a_receiver_that_never_answers_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, trio.move_on_after(0.2) as scope:
        await Webhook(WebhookConfig("chat", f"http://127.0.0.1:{silent.getsockname()[1]}/"), "").send("n1", CRIT)
    assert scope.cancelled_caught


async def test_an_answer_that_is_not_http() -> None:
    async def babble(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"SSH-2.0-OpenSSH\r\n\r\n")
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, babble, 0, host="127.0.0.1")
        (listener,) = await nursery.start(serve)
        port = listener.socket.getsockname()[1]
        with pytest.raises(SinkDownError):
            await Webhook(WebhookConfig("chat", f"http://127.0.0.1:{port}/"), "").send("n1", CRIT)
        nursery.cancel_scope.cancel()
