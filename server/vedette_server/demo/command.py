"""``vedette demo``: see it work on this host, without configuration, and leave nothing behind."""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from vedette_server.demo.processes import Child, DemoError
from vedette_server.demo.settings import Settings, choose_settings
from vedette_shared.command import CommandParser, duration_argument

START_TIMEOUT_S = 180.0
POLL_S = 0.1


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette demo``."""
    parser = CommandParser(
        prog, description="Start a server and an agent on this host, on loopback, and show them in the terminal."
    )
    parser.add_argument("--no-tui", action="store_true", help="do not start the terminal, only say where to look")
    parser.add_argument(
        "--for",
        dest="duration_ms",
        type=duration_argument,
        metavar="TIME",
        help="end by itself after TIME, such as 20s, and print a summary as JSON",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the data in DIR (a folder thrown away at the end)"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Run the demo until its time is over, the terminal is left or Ctrl-C comes; stop all that it started.

    Raises:
        DemoError: a part did not start or ended by itself.
    """
    with _ended_by_signals(), _folder(arguments.data) as folder:
        settings = choose_settings(folder)
        with _running(settings) as children:
            deadline = None if arguments.duration_ms is None else time.monotonic() + arguments.duration_ms / 1000
            with contextlib.suppress(KeyboardInterrupt):
                _show(settings, children, deadline, tui=not arguments.no_tui)
            summary = fetch_summary(settings.url)
    if arguments.duration_ms is not None or arguments.no_tui:
        print(msgspec.json.encode(summary).decode())  # noqa: T201
    return 0


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take SIGTERM and SIGHUP, which a closed terminal sends, as Ctrl-C: otherwise the children would live on."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="vedette-demo-") as temporary:
        yield Path(temporary)


@contextlib.contextmanager
def _running(settings: Settings) -> Iterator[list[Child]]:
    """A server that knows the services of this host, and its agent; both are stopped at the end, the agent first."""
    server_config, agent_config = settings.write()
    with contextlib.ExitStack() as stack:
        _say("starting the server")
        server = Child("server", ["server", "--config", str(server_config)], settings.data / "server.log")
        stack.callback(server.stop)
        _wait(lambda: _answers(f"{settings.url}/-/ready"), [server])
        _say("starting the agent, and waiting for the first checks")
        agent = Child("agent", ["agent", "--config", str(agent_config)], settings.data / "agent.log")
        stack.callback(agent.stop)
        _wait(lambda: sum(fetch_summary(settings.url)["services"].values()) > 0, [server, agent])
        yield [server, agent]


def _say(text: str) -> None:
    print(f"vedette demo: {text}", file=sys.stderr)  # noqa: T201


def _wait(done: Callable[[], bool], children: list[Child]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not done():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            raise DemoError(f"the {children[-1].name} did not start within {START_TIMEOUT_S:.0f} s")
        time.sleep(POLL_S)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _show(settings: Settings, children: list[Child], deadline: float | None, *, tui: bool) -> None:
    """Hold on until the deadline; with ``tui``, until the terminal is left."""
    if tui:
        _show_terminal(settings.url, deadline)
        return
    _say(
        f"server at {settings.url}, agent at http://{settings.agent}/metrics, data in {settings.data};"
        f" look with `vedette top --server {settings.url}`; Ctrl-C ends it"
    )
    while deadline is None or time.monotonic() < deadline:
        for child in children:
            child.check()
        time.sleep(POLL_S)


def _show_terminal(url: str, deadline: float | None) -> None:
    terminal = subprocess.Popen([sys.executable, "-m", "vedette_shared.command", "top", "--server", url])
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            terminal.wait(None if deadline is None else max(deadline - time.monotonic(), 0))
    finally:
        # SIGTERM, not SIGKILL: it gives the screen back as it was.
        terminal.terminate()
        terminal.wait()


def fetch_summary(url: str) -> dict[str, Any]:
    """Return what the server holds: host, series, samples, services by state, notifications.

    Raises:
        DemoError: the server does not answer.
    """
    try:
        answer = httpx.get(f"{url}/api/fleet/v1/summary", timeout=30.0)
        data: dict[str, Any] = answer.raise_for_status().json()["data"]
    except httpx.HTTPError as error:
        raise DemoError(f"the server at {url} does not answer: {error}") from error
    hosts = data.pop("hosts")
    return {"host": hosts[0] if hosts else None, **data}
