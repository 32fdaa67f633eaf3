"""Carries the messages of a pusher to its server over HTTP."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import trio

from vedette_agent.push.pusher import Answer, Push, Pusher
from vedette_agent.spool import StoredFrame
from vedette_shared import __version__
from vedette_shared.clock import Clock

PATH = "/v1/push"
ANSWER_BYTES = 2**20
GATHER_S = 0.05
"""Sources with the same ticks offer their frames one after the other; a message a tick is cheaper than one a frame."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How messages travel. ``timeout`` is in seconds, from connecting to the last byte of the answer."""

    url: str
    timeout: float
    headers: tuple[tuple[str, str], ...] = ()


class PushShell:
    """Sends what ``pusher`` wants sent, when it wants it."""

    def __init__(self, pusher: Pusher, delivery: Delivery, client: httpx.AsyncClient, clock: Clock) -> None:
        self.pusher = pusher
        self._url = delivery.url.rstrip("/") + PATH
        self._timeout = delivery.timeout
        self._headers = {
            **dict(delivery.headers),
            "Content-Type": "application/vnd.vedette.frames",
            "Content-Encoding": "zstd",
            "Accept-Encoding": "identity",
            "User-Agent": f"vedette-agent/{__version__}",
        }
        self._client = client
        self._clock = clock
        self._offered = trio.Event()
        self._settled = trio.Event()
        self._hurry = trio.Event()

    def offer(self, stored: StoredFrame) -> None:
        """Take a live frame, which the spool holds already."""
        self.pusher.offer(stored)
        self._offered.set()

    async def run(
        self, start_after: float = 0.0, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Push until cancelled, after a random wait of at most ``start_after`` seconds."""
        task_status.started()
        with trio.move_on_after(random.uniform(0, start_after)):
            await self._hurry.wait()
        while True:
            self._offered = trio.Event()
            todo = self.pusher.next(self._clock.monotonic())
            if isinstance(todo, Push):
                await self._deliver(todo)
                continue
            self._settled.set()
            with trio.move_on_after(todo.until - self._clock.monotonic()):
                await self._offered.wait()
                await trio.sleep(GATHER_S)

    async def settle(self) -> None:
        """Wait until nothing more can be sent for now; the caller bounds the time. ``run`` goes on meanwhile."""
        self._settled = trio.Event()
        self._hurry.set()
        self._offered.set()
        await self._settled.wait()

    async def _deliver(self, push: Push) -> None:
        answered = False
        try:
            with trio.fail_after(self._timeout):
                answer = await self._post(push)
            answered = True
        except trio.TooSlowError:
            self.pusher.failed(f"no answer within {self._timeout:g} s", self._clock.monotonic())
        except httpx.HTTPError as error:
            self.pusher.failed(f"{type(error).__name__}: {error}", self._clock.monotonic())
        except BaseException:
            self.pusher.failed("the agent stops", self._clock.monotonic())
            raise
        if answered:
            self.pusher.answered(answer, self._clock.monotonic(), self._clock.now_ms())

    async def _post(self, push: Push) -> Answer:
        headers = {**self._headers, "Content-Length": str(len(push.body))}
        request = self._client.build_request("POST", self._url, headers=headers)
        request.stream = _Body(push.body)
        response = await self._client.send(request, stream=True)
        try:
            body = b""
            async for part in response.aiter_raw():
                # Read to the end, or to the end of the time: httpx leaves generators open that are left early.
                body += part[: ANSWER_BYTES - len(body)]
        finally:
            with trio.CancelScope(shield=True):
                await response.aclose()
        return Answer(response.status_code, body, _retry_after(response.headers.get("Retry-After", "")))


class _Body(httpx.AsyncByteStream):
    """A request's body. Those of httpx are generators, of which trio warns when a connection breaks in their middle."""

    def __init__(self, body: bytes) -> None:
        self._rest = [body]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._rest:
            raise StopAsyncIteration
        return self._rest.pop()


def _retry_after(text: str) -> float | None:
    """The seconds that a Retry-After header names; a date, which none of our servers sends, is not heeded."""
    return float(text) if text.isascii() and text.isdigit() else None
