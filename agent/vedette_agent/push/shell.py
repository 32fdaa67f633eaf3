"""Carries the messages of a pusher to its server over HTTP."""

from __future__ import annotations

import random
from dataclasses import dataclass

import trio

from vedette_agent.push.pusher import Pusher
from vedette_agent.push.values import Answer, Push
from vedette_agent.spool import StoredFrame
from vedette_shared import __version__
from vedette_shared.clock import Clock
from vedette_shared.http import Client, HttpClientError

PATH = "/v1/push"
GATHER_S = 0.05
"""Sources with the same ticks offer their frames one after the other; a message a tick is cheaper than one a frame."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How messages travel. ``timeout`` is in seconds, from connecting to the last byte of the answer."""

    timeout: float
    headers: tuple[tuple[str, str], ...] = ()


class PushShell:
    """Sends what ``pusher`` wants sent, when it wants it."""

    def __init__(self, pusher: Pusher, delivery: Delivery, client: Client, clock: Clock) -> None:
        self.pusher = pusher
        self._timeout = delivery.timeout
        self._headers = {
            **dict(delivery.headers),
            "Content-Type": "application/vnd.vedette.frames",
            "Content-Encoding": "zstd",
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
        except HttpClientError as error:
            self.pusher.failed(str(error), self._clock.monotonic())
        except BaseException:
            self.pusher.failed("the agent stops", self._clock.monotonic())
            raise
        if answered:
            self.pusher.answered(answer, self._clock.monotonic(), self._clock.now_ms())

    async def _post(self, push: Push) -> Answer:
        response = await self._client.request("POST", PATH, self._headers, push.body)
        return Answer(response.status, response.body, _retry_after(response.headers.get("retry-after", "")))


def _retry_after(text: str) -> float | None:
    """The seconds that a Retry-After header names; a date, which none of our servers sends, is not heeded."""
    return float(text) if text.isascii() and text.isdigit() else None
