"""Runs one child process to its end, or to the end of its time; its whole process group ends with it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import trio

DRAIN_S = 0.2
"""How long output is read on after the child has ended: a grandchild may hold the pipe open for ever."""
KILL_S = 2.0
"""How long a killed child may take to vanish before it is left to itself: one that waits for a dead disk stays."""
RECEIVE_BYTES = 64 * 2**10
ERROR_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Seconds until the child is ended, bytes of output that are kept, seconds of CPU time."""

    timeout: float
    output_bytes: int = 2**20
    cpu_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended.

    Attributes:
        code: Its exit code; negative for a signal; ``None`` if it could not be ended.
        output: What it wrote to stdout, cut at the bound.
        errors: The beginning of what it wrote to stderr.
        problem: Why the output must not be trusted; empty if the child ended by itself within its bounds.
        limit: Which bound it hit: ``time``, ``bytes``, ``cpu`` or none.
        pid: Its number.
    """

    code: int | None
    output: bytes
    errors: bytes = b""
    problem: str = ""
    limit: str = ""
    pid: int = field(default=0, compare=False)


async def run_child(
    command: Sequence[str], limits: ChildLimits, environment: Mapping[str, str] | None = None, cwd: str | None = None
) -> ChildEnd:
    """Run ``command``, a list of arguments without a shell, and return how it ended.

    Raises:
        OSError: it cannot be started.
    """
    process = await trio.lowlevel.open_process(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=None if environment is None else dict(environment),
        cwd=cwd,
    )
    output, errors = _Collected(limits.output_bytes), _Collected(ERROR_BYTES)
    try:
        _limit_cpu(process.pid, limits.cpu_seconds)
        in_time = await _attend(process, limits.timeout, output, errors)
    finally:
        await _end(process)
    return _judge(process, in_time, output, errors, limits)


class _Collected:
    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self.overflowed = False
        self._most = most

    def add(self, part: bytes | bytearray) -> None:
        self.data += part[: self._most - len(self.data)]
        self.overflowed = self.overflowed or len(self.data) == self._most


async def _attend(process: trio.Process, timeout: float, output: _Collected, errors: _Collected) -> bool:  # noqa: ASYNC109
    """Read until the child ends; return whether it did in time."""
    in_time = False
    async with trio.open_nursery() as readers:
        readers.start_soon(_read, process.stdout, output)
        readers.start_soon(_read, process.stderr, errors)
        with trio.move_on_after(timeout):
            await _ended(process)
            in_time = True
        if in_time:
            readers.cancel_scope.deadline = trio.current_time() + DRAIN_S
        else:
            readers.cancel_scope.cancel()
    return in_time


async def _read(stream: trio.abc.ReceiveStream | None, into: _Collected) -> None:
    assert stream is not None
    async with stream:
        while part := await stream.receive_some(RECEIVE_BYTES):
            into.add(part)


async def _ended(process: trio.Process) -> None:
    """Wait until the child has ended, without reaping it: its group cannot be mistaken while its number is taken."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        await process.wait()
        return
    try:
        await trio.lowlevel.wait_readable(descriptor)
    finally:
        os.close(descriptor)


async def _end(process: trio.Process) -> None:
    with trio.CancelScope(shield=True):
        _kill_group(process.pid)
        with trio.move_on_after(KILL_S):
            await process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                await stream.aclose()


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _limit_cpu(pid: int, seconds: float) -> None:
    soft = max(round(seconds), 1)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        resource.prlimit(pid, resource.RLIMIT_CPU, (soft, soft + 1))


def _judge(
    process: trio.Process, in_time: bool, output: _Collected, errors: _Collected, limits: ChildLimits
) -> ChildEnd:
    code = process.returncode
    limit = problem = ""
    if code == -signal.SIGXCPU:
        limit, problem = "cpu", f"used more than {limits.cpu_seconds:g} s of CPU time"
    elif not in_time:
        limit, problem = "time", f"not done after {limits.timeout:g} s; ended"
        if code is None:
            problem = f"not done after {limits.timeout:g} s, and cannot be ended"
    elif output.overflowed:
        limit, problem = "bytes", f"wrote more than {limits.output_bytes} bytes"
    elif code is not None and code < 0:
        problem = f"ended by signal {-code}"
    return ChildEnd(code, bytes(output.data), bytes(errors.data), problem, limit, process.pid)
