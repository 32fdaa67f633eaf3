"""Kernels compiled by a process of their own."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vedette_server.compiled import compile_wanted
from vedette_server.main import compiling
from vedette_server.main.compiling import _load, compile_all, compile_and_end


def test_what_is_compiled_is_loaded() -> None:
    """Nothing is left to be compiled for the first to need it."""
    compile_all()
    assert compile_wanted() == 0
    assert _load()


def test_where_no_process_may_change_its_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a sandbox: what is compiled is compiled all the same."""
    compiled = []

    def forbidden(_: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "nice", forbidden)
    monkeypatch.setattr(compiling, "compile_all", lambda: compiled.append("all"))
    monkeypatch.setattr(compiling, "_tidy", lambda: None)
    compile_and_end()
    assert compiled == ["all"]


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
