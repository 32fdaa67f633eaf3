"""Children are ended at the end of their time, with all that they have started, and their output is bounded."""

import sys
import time
from pathlib import Path

import pytest
import trio

from vedette_agent.children import ChildEnd, ChildLimits, run_child

LIMITS = ChildLimits(timeout=10.0, output_bytes=1000, cpu_seconds=5)
QUICK = ChildLimits(timeout=0.3, output_bytes=1000, cpu_seconds=5)


def shell(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


async def test_output_and_code() -> None:
    assert await run_child(shell("echo out; echo err >&2; exit 3"), LIMITS) == ChildEnd(3, b"out\n", b"err\n")


async def test_the_environment_is_what_is_given_and_stdin_is_empty() -> None:
    end = await run_child(shell("cat; echo $NAME"), LIMITS, {"NAME": "value"})
    assert end == ChildEnd(0, b"value\n")


async def test_one_that_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        await run_child(("/no/such/program",), LIMITS)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> bool:
    for _ in range(200):
        if not is_alive(pid):
            return True
        await trio.sleep(0.01)
    return False


async def test_one_that_forks_and_sleeps_for_ever(tmp_path: Path) -> None:
    """Its whole process group ends, and the output until then is kept."""
    pids = tmp_path / "pids"
    start = time.monotonic()
    end = await run_child(shell(f"sleep 1000 & echo $! > {pids}; echo $$ >> {pids}; echo partly; sleep 1000"), QUICK)
    assert time.monotonic() - start < 8
    assert (end.code, end.output, end.limit) == (-9, b"partly\n", "time")
    assert end.problem == "not done after 0.3 s; ended"
    for pid in pids.read_text().split():
        assert await gone(int(pid))


async def test_one_that_leaves_a_grandchild_with_the_pipe_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    end = await run_child(shell(f"sleep 1000 & echo $! > {pids}; echo done"), LIMITS)
    assert end == ChildEnd(0, b"done\n")
    assert await gone(int(pids.read_text()))


async def test_one_that_ignores_signals() -> None:
    end = await run_child(shell("trap '' TERM INT HUP; while :; do sleep 0.1; done"), QUICK)
    assert (end.code, end.limit) == (-9, "time")


async def test_one_that_writes_without_end_is_read_on_and_cut() -> None:
    end = await run_child(shell("head -c 5000000 /dev/zero"), LIMITS)
    assert (end.code, len(end.output), end.limit) == (0, 1000, "bytes")
    assert end.problem == "wrote more than 1000 bytes"


async def test_one_that_computes_without_end() -> None:
    limits = ChildLimits(timeout=20.0, cpu_seconds=1)
    end = await run_child((sys.executable, "-c", "while True: pass"), limits)
    assert (end.limit, end.problem) == ("cpu", "used more than 1 s of CPU time")


async def test_one_that_dies_by_a_signal() -> None:
    end = await run_child(shell("kill -SEGV $$"), LIMITS)
    assert (end.code, end.problem) == (-11, "ended by signal 11")


async def test_a_cancelled_run_leaves_nothing_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with trio.move_on_after(0.3):
        await run_child(shell(f"echo $$ > {pids}; sleep 1000"), LIMITS)
    assert await gone(int(pids.read_text()))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_descriptors_are_leaked() -> None:
    await run_child(shell("true"), LIMITS)
    before = descriptors()
    for _ in range(5):
        await run_child(shell("sleep 5 &"), LIMITS)
    assert descriptors() == before
