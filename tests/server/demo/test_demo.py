"""However the demo is ended, it stops all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from vedette_server.demo import command

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Who started the tests in the background may have had SIGINT ignored, which children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def children_of(folder: Path) -> list[int]:
    """The processes whose command line names a file in ``folder``, the demo itself left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(argument.startswith(f"{folder}/") for argument in arguments):
            found.append(int(entry.parent.name))
    return found


def wait_for(folder: Path, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(children_of(folder)) != count:
        assert time.monotonic() < deadline, f"{children_of(folder)} run, not {count}"
        time.sleep(0.1)


def test_a_signal_in_the_moment_of_starting_a_part_stops_that_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopped = []

    class Part:
        def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
            self.told = (name, arguments, log)
            signal.raise_signal(signal.SIGINT)

        def stop(self) -> None:
            stopped.append(self.told)

    monkeypatch.setattr(command, "Child", Part)
    with pytest.raises(KeyboardInterrupt), ExitStack() as stack:
        command._start(stack, "agent", Path("agent.toml"), tmp_path)
    assert stopped == [("agent", ["agent", "--config", "agent.toml"], tmp_path / "agent.log")]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_children_too(number: signal.Signals, tmp_path: Path) -> None:
    """A terminal that is closed sends SIGHUP, a service manager SIGTERM, a person SIGINT."""
    command = [sys.executable, "-m", "vedette_shared.command", "demo", "--no-tui", "--data", str(tmp_path)]
    demo = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(tmp_path, 2)
        demo.send_signal(number)
        demo.wait(PATIENCE_S)
        wait_for(tmp_path, 0)
    finally:
        demo.kill()
        demo.wait()
        for pid in children_of(tmp_path):
            os.kill(pid, signal.SIGKILL)
