"""Helpers: the agent as a process, and a server that takes its pushes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from tests.agent.push.model import ModelServer
from vedette_shared.addresses import Address
from vedette_shared.http import Request, Response, serve
from vedette_shared.listening import bound_address, listen_on

PATIENCE_S = 20


def free_address() -> str:
    with listen_on(Address("127.0.0.1", 0)) as listener:
        return str(bound_address(listener))


class Process:
    """A running ``vedette agent``."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.settimeout(PATIENCE_S)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vedette_shared.command", "agent", *options],
                stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
            )

    def told(self) -> str:
        return self.manager.recv(1000).decode().split("\n")[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Process]:
    agent = Process(folder, *options)
    try:
        assert agent.told() == "READY=1", agent.log.read_text()
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.process.kill()
            agent.process.wait()
        agent.manager.close()


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def server() -> Iterator[tuple[str, ModelServer]]:
    """A server that takes pushes, in a thread of its own."""
    model = ModelServer()
    listener = listen_on(Address("127.0.0.1", 0))
    url = f"http://{bound_address(listener)}"
    token: list[trio.lowlevel.TrioToken] = []
    scope = trio.CancelScope()

    async def take(request: Request) -> Response:
        answer = model.take(request.body)
        return Response(answer.status, answer.body, "application/json")

    async def main() -> None:
        token.append(trio.lowlevel.current_trio_token())
        with scope:
            await serve(take, [listener])

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    try:
        yield url, model
    finally:
        token[0].run_sync_soon(scope.cancel)
        thread.join(PATIENCE_S)
