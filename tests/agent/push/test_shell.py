"""Messages travel over HTTP to a server on loopback; whatever the server does, the agent's other work goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.agent.push.model import ModelServer
from vedette_agent.push import Pusher, PushLimits
from vedette_agent.push.shell import Delivery, PushShell
from vedette_agent.sources.framing import NewFrame
from vedette_agent.spool import Spool, SpoolLimits
from vedette_shared.addresses import Address
from vedette_shared.clock import SystemClock
from vedette_shared.frames import encode_target, layout_of, values_of
from vedette_shared.http import Client, Request, Response, serve
from vedette_shared.labels import make_labels
from vedette_shared.listening import bound_address, listen_on
from vedette_shared.metrics import gauge

FAMILIES = [gauge("load", "Load.", 0.5)]
LAYOUT = layout_of(FAMILIES)
TARGET = encode_target(make_labels(job="node", host="h"))
FAST = PushLimits(backoff_base=0.01, backoff_most=0.02, catch_up_bytes_per_s=10**9)

Handler = Callable[[Request], Awaitable[Response]]


class Endpoint:
    """The model server behind HTTP; the first answers can be others."""

    def __init__(self, *first: Response | None) -> None:
        self.model = ModelServer()
        self.requests: list[Request] = []
        self._first = list(first)

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if self._first:
            planned = self._first.pop(0)
            if planned is None:
                await trio.sleep_forever()
            assert planned is not None
            return planned
        answer = self.model.take(request.body)
        return Response(answer.status, answer.body, "application/json")


@asynccontextmanager
async def pushing(
    folder: Path, endpoint: Handler, *, within: float = 5.0, headers: tuple[tuple[str, str], ...] = ()
) -> AsyncIterator[tuple[PushShell, Spool]]:
    listener = listen_on(Address("127.0.0.1", 0))
    url = f"http://{bound_address(listener)}"
    clock = SystemClock()
    spool = Spool.open(folder, [url], SpoolLimits(), clock)
    pusher = Pusher(url, "h", spool, FAST)
    client = Client(url)
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, endpoint, [listener]))
        shell = PushShell(pusher, Delivery(within, headers), client, clock)
        await nursery.start(shell.run)
        yield shell, spool
        nursery.cancel_scope.cancel()
    await client.aclose()
    spool.close()


def collect(shell: PushShell, spool: Spool, timestamp: int) -> None:
    stored = spool.append(NewFrame(timestamp, TARGET, "node", LAYOUT, values_of(FAMILIES).tobytes()))
    shell.offer(stored)


async def arrived(shell: PushShell, spool: Spool) -> None:
    with trio.fail_after(10):
        while spool.waiting(shell.pusher.server):
            await trio.sleep(0.01)


async def test_a_message_arrives(tmp_path: Path) -> None:
    endpoint = Endpoint()
    async with pushing(tmp_path, endpoint, headers=(("Authorization", "Bearer secret"),)) as (shell, spool):
        collect(shell, spool, 1)
        await arrived(shell, spool)
    (request,) = endpoint.requests
    assert (request.method, request.path) == ("POST", "/v1/push")
    assert request.header("content-encoding") == "zstd"
    assert request.header("authorization") == "Bearer secret"
    assert len(endpoint.model.stored) == 1


@pytest.mark.parametrize(
    "first",
    [
        pytest.param([Response(500), Response(500)], id="500"),
        pytest.param([Response(429, headers=(("Retry-After", "0"),))], id="429"),
        pytest.param([Response(302, headers=(("Location", "http://127.0.0.1:1/"),))], id="redirect"),
        pytest.param([Response(200, b"hello")], id="a page that is no answer"),
        pytest.param([Response(200, b"x" * 3_000_000)], id="a huge answer"),
        pytest.param([None], id="silence"),
    ],
)
async def test_whatever_the_server_answers_frames_arrive_in_the_end(
    tmp_path: Path, first: list[Response | None]
) -> None:
    endpoint = Endpoint(*first)
    async with pushing(tmp_path, endpoint, within=0.3) as (shell, spool):
        for timestamp in range(5):
            collect(shell, spool, timestamp)
        await arrived(shell, spool)
    assert sorted(sequence for _, sequence in endpoint.model.stored) == [1, 2, 3, 4, 5]


async def test_retry_after_is_heeded(tmp_path: Path) -> None:
    endpoint = Endpoint(Response(503, headers=(("Retry-After", "3600"),)))
    async with pushing(tmp_path, endpoint) as (shell, spool):
        collect(shell, spool, 1)
        with trio.fail_after(5):
            while not shell.pusher.counters.messages["busy"]:
                await trio.sleep(0.01)
        collect(shell, spool, 2)
        await trio.sleep(0.2)
    assert len(endpoint.requests) == 1


async def test_a_connection_that_breaks(tmp_path: Path) -> None:
    listener = await trio.open_tcp_listeners(0, host="127.0.0.1")
    url = f"http://127.0.0.1:{listener[0].socket.getsockname()[1]}"
    spool = Spool.open(tmp_path, [url], SpoolLimits(), SystemClock())

    async def slam(stream: trio.SocketStream) -> None:
        await stream.receive_some(10)
        await stream.aclose()

    client = Client(url)
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, slam, listener)
        shell = PushShell(Pusher(url, "h", spool, FAST), Delivery(5), client, SystemClock())
        await nursery.start(shell.run)
        collect(shell, spool, 1)
        with trio.fail_after(5):
            while shell.pusher.counters.messages["failed"] < 3:
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    await client.aclose()
    assert spool.waiting(url) == 1


async def test_settles_when_all_live_frames_are_gone(tmp_path: Path) -> None:
    endpoint = Endpoint()
    async with pushing(tmp_path, endpoint) as (shell, spool):
        collect(shell, spool, 1)
        with trio.fail_after(5):
            await shell.settle()
        assert spool.waiting(shell.pusher.server) == 0


async def test_settles_while_the_server_is_away(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, ["http://127.0.0.1:1"], SpoolLimits(), SystemClock())
    pusher = Pusher("http://127.0.0.1:1", "h", spool, PushLimits(backoff_base=3600))
    client = Client("http://127.0.0.1:1")
    async with trio.open_nursery() as nursery:
        shell = PushShell(pusher, Delivery(5), client, SystemClock())
        await nursery.start(shell.run, 3600)
        collect(shell, spool, 1)
        with trio.fail_after(5):
            await shell.settle()
        nursery.cancel_scope.cancel()
    await client.aclose()
    assert spool.waiting(pusher.server) == 1
