"""Kernels compiled by a process of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from vedette_server.main.compiling import _load, compile_all


def test_what_is_compiled_is_loaded() -> None:
    compile_all()
    assert _load()


def test_the_compiler_ends_with_who_started_it(tmp_path: Path) -> None:
    """Even by SIGKILL."""
    command = [sys.executable, "-m", "vedette_shared.command", "server", "--compile"]
    script = f"import subprocess; print(subprocess.Popen({command!r}).pid, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until(lambda: "--compile" in Path(f"/proc/{child}/cmdline").read_text())
        wait_until(lambda: niceness(child) > niceness(os.getpid()))  # its imports are done, and it watches
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())


def niceness(process: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, process)


def wait_until(holds: object) -> None:
    for _ in range(600):
        if holds():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("it does not come about")
