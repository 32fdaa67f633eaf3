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
from types import FrameType
from typing import Any

import httpx
import msgspec

from vedette_server.demo.processes import Child, DemoError
from vedette_server.demo.settings import Settings, choose_settings
from vedette_shared.command import CommandParser, duration_argument

START_TIMEOUT_S = 180.0
POLL_S = 0.1

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""A Ctrl-C, a service manager, a terminal that is closed."""


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
    """Take what else ends the demo as Ctrl-C: otherwise the children would live on."""
    with _handled(signal.default_int_handler, *_ENDING[1:]):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], object], *numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, own in before.items():
            signal.signal(number, own)


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
        server = _start(stack, "server", server_config, settings.data)
        _wait(lambda: _answers(f"{settings.url}/-/ready"), [server])
        _say("starting the agent, and waiting for the first checks")
        agent = _start(stack, "agent", agent_config, settings.data)
        _wait(lambda: sum(fetch_summary(settings.url)["services"].values()) > 0, [server, agent])
        yield [server, agent]


def _start(stack: contextlib.ExitStack, name: str, config: Path, data: Path) -> Child:
    """Start a part that ``stack`` stops. A signal that comes in between waits, as it would leave the part running."""
    with _held_back():
        child = Child(name, [name, "--config", str(config)], data / f"{name}.log")
        stack.callback(child.stop)
    return child


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Let the signals that end the demo wait until the end of the block."""
    arrived: list[int] = []
    with _handled(lambda number, _: arrived.append(number), *_ENDING):
        yield
    if arrived:
        signal.raise_signal(signal.Signals(arrived[0]))


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
