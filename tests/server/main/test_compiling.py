"""Kernels compiled by a process of their own."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import trio

from vedette_server.compiled import compile_wanted
from vedette_server.main import compiling
from vedette_server.main.compiling import _load, compile_all, compile_and_end, compile_in_background


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
    monkeypatch.setattr(compiling, "compile_all", lambda _: compiled.append("all"))
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
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)},
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until(lambda: contents(tmp_path, "vedette-*/*"))  # it is at work
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())
    assert not contents(tmp_path, "vedette-*")


async def test_a_server_that_ends_at_once_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the store that has its kernels compiled."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(compile_in_background)
        while not contents(tmp_path, "vedette-*/*"):
            await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert not contents(tmp_path, "*")


def contents(folder: Path, pattern: str) -> list[Path]:
    return [*folder.glob(pattern)]


def wait_until(holds: object) -> None:
    for _ in range(600):
        if holds():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("it does not come about")
