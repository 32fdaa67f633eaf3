"""However the demo is ended, it stops all that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE_S = 60.0


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
