"""Programs of the system."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vedette_agent.children import ChildEnd, ChildLimits, Tool, find_tool, tools
from vedette_agent.errors import CollectorError

LIMITS = ChildLimits(5.0)


def write(path: Path, script: str = "exit 0") -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


async def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Speaks English, and does not tell the service manager anything."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    tool = Tool(write(tmp_path / "tool", 'echo "$LC_ALL $NOTIFY_SOCKET $PWD $1"'))
    end = await tool.run("", ["x"], LIMITS, tmp_path)
    assert end.output.decode() == f"C  {tmp_path} x\n"


@pytest.fixture
def hanging() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not end by itself."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def let_end(process: subprocess.Popen[bytes]) -> None:
    """End it, without reaping it."""
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


async def test_what_cannot_be_ended_is_not_piled_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hanging: subprocess.Popen[bytes]
) -> None:
    """A run that waits for a dead device even when it is killed: only one for each purpose; others go on."""
    tool = Tool(write(tmp_path / "tool", "echo done"))

    async def never_ends(*_: object) -> ChildEnd:
        return ChildEnd(None, b"", problem="not done after 5 s, and cannot be ended", pid=hanging.pid)

    with monkeypatch.context() as patch:
        patch.setattr(tools, "run_child", never_ends)
        with pytest.raises(CollectorError, match="tool: not done after 5 s, and cannot be ended"):
            await tool.run("sda", [], LIMITS)
    with pytest.raises(CollectorError, match=rf"tool still hangs \(process {hanging.pid}\); not started again"):
        await tool.run("sda", [], LIMITS)
    assert (await tool.run("sdb", [], LIMITS)).output == b"done\n"
    let_end(hanging)
    assert (await tool.run("sda", [], LIMITS)).output == b"done\n"


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first name there is, in PATH, the usual folders or more; a path of the configuration is taken as it is."""
    monkeypatch.setattr(tools, "SYSTEM_PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_tool(("a", "b")) is None
    b = write(tmp_path / "b")
    assert find_tool(("a", "b"), more_folders=[str(tmp_path)]) == b
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tool(("a", "b")) == b
    a = write(tmp_path / "a")
    assert find_tool(("a", "b")) == a
    assert find_tool(("a", "b"), "b") == b
    assert find_tool(("a",), "/opt/other") == "/opt/other"
    assert find_tool(("a",), "missing") == "missing"
