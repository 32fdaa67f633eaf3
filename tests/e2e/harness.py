"""Real processes on loopback: a server, an agent, an SMTP sink and a webhook sink."""

from __future__ import annotations

import http.server
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
from aiosmtpd.controller import Controller

from vedette_shared.addresses import Address
from vedette_shared.listening import bound_address, listen_on

T = TypeVar("T")

PATIENCE_S = 60.0
HOST = "h1"


def free_address() -> Address:
    with listen_on(Address("127.0.0.1", 0)) as listener:
        return bound_address(listener)


def eventually(look: Callable[[], T], expected: Callable[[T], object]) -> T:
    """Return what ``look`` sees once it is as expected; fail, showing the last sight, when that never comes."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        seen = look()
        if expected(seen):
            return seen
        assert time.monotonic() < deadline, f"not as expected after {PATIENCE_S} s; last seen: {seen!r}"
        time.sleep(0.1)


class SmtpSink:
    """Takes mail by real SMTP and keeps it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.address = free_address()
        self._controller = Controller(self, hostname=self.address.host, port=self.address.port)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()


class WebhookSink:
    """Takes calls by real HTTP and keeps them."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.calls.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Process:
    """One ``vedette`` command."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vedette_shared.command", *arguments], stdout=output, stderr=output
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.alive():
            self.send(number)
        return self._process.wait(PATIENCE_S)


class Deployment:
    """A server and an agent in a folder of their own."""

    def __init__(self, folder: Path, mail: SmtpSink, webhook: WebhookSink) -> None:
        self.folder = folder
        self.mail = mail
        self.webhook = webhook
        self.api, self.ingest, self.exposure = free_address(), free_address(), free_address()
        self.server_config = folder / "server.toml"
        self.agent_config = folder / "agent.toml"
        self.processes: list[Process] = []

    def configure_server(self, checks: str = "") -> None:
        self.server_config.write_text(
            f"""
data = "{self.folder}/server"
[api]
listen = "{self.api}"
[ingest]
listen = "{self.ingest}"

[[notify]]
name = "on-call"
method = "mail"
to = ["on-call@example.org"]
from = "vedette@example.org"
[notify.smtp]
host = "{self.mail.address.host}"
port = {self.mail.address.port}

[[notify]]
name = "chat"
method = "webhook"
url = "{self.webhook.url}"

{checks}
"""
        )

    def configure_agent(self) -> None:
        self.agent_config.write_text(
            f"""
host = "{HOST}"
data = "{self.folder}/agent"
interval = "1s"
[expose]
listen = "{self.exposure}"
[push]
url = "http://{self.ingest}"
"""
        )

    def start_server(self) -> Process:
        server = self._start("server", "--config", str(self.server_config))
        eventually(lambda: self.is_ready() or not server.alive(), bool)
        assert server.alive(), server.log.read_text()
        return server

    def start_agent(self) -> Process:
        return self._start("agent", "--config", str(self.agent_config))

    def _start(self, *arguments: str) -> Process:
        process = Process(*arguments, log=self.folder / f"{arguments[0]}.log")
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.end()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://{self.api}/-/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of the API."""
        answer = httpx.get(f"http://{self.api}{path}", params=parameters, timeout=30.0)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        result: list[dict[str, Any]] = self.get("/api/v1/query", query=expr)["result"]
        return result

    def service(self, name: str) -> dict[str, Any] | None:
        """The service ``name`` of the agent's host, once there is one."""
        answer = httpx.get(f"http://{self.api}/api/fleet/v1/hosts/{HOST}/services", timeout=30.0)
        services = answer.json()["data"]["services"] if answer.status_code == 200 else []
        return next((service for service in services if service["service"] == name), None)


@contextmanager
def deployment(folder: Path) -> Iterator[Deployment]:
    with SmtpSink() as mail, WebhookSink() as webhook:
        made = Deployment(folder, mail, webhook)
        try:
            yield made
        finally:
            made.stop()
