"""Steps that block, one after another in one thread, each within its time.

A hop between threads for each step would cost more than most steps, so the thread goes through all of them and tells
trio once, at the end; trio watches which step is running and since when. A step that overruns loses its thread: the
steps after it go on in a new one, and it is left out until the old thread comes back.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import trio

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Step(Generic[Value]):
    """One blocking call, by a name that is its own among the steps of a runner."""

    name: str
    call: Callable[[], Value]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value]):
    """What came of a step: its value, or the error; and the seconds that it took, of the clock and of a processor."""

    name: str
    value: Value | None
    error: BaseException | None
    duration: float
    cpu: float = 0.0


class OverrunError(Exception):
    """The step did not come back in time."""


class SerialRunner(Generic[Value]):
    """Runs steps in a thread of its own, which lives as long as it keeps its times."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: _Thread[Value] | None = None
        self._stuck: dict[str, tuple[_Thread[Value], float]] = {}

    async def run(self, steps: Sequence[Step[Value]], deadline: float) -> list[Outcome[Value]]:
        """Return what came of each step, in order; each may take ``deadline`` seconds.

        To be called by one task at a time.
        """
        self._stuck = {name: held for name, held in self._stuck.items() if not held[0].is_done}
        outcomes = {step.name: self._still_running(step) for step in steps if step.name in self._stuck}
        rest = [step for step in steps if step.name not in self._stuck]
        while rest:
            done = await self._run_until_overrun(rest, deadline)
            outcomes.update((outcome.name, outcome) for outcome in done)
            rest = rest[len(done) :]
        return [outcomes[step.name] for step in steps]

    def close(self) -> None:
        """Let the thread end when its work is done."""
        if self._thread is not None:
            self._thread.retire()
            self._thread = None

    async def _run_until_overrun(self, steps: Sequence[Step[Value]], deadline: float) -> list[Outcome[Value]]:
        """Return what came of the steps, up to the first that overran, or of all."""
        if self._thread is None:
            self._thread = _Thread(self._name)
        work = _Work(steps)
        self._thread.give(work)
        try:
            while not work.finished.is_set():
                with trio.move_on_after(work.time_left(deadline)):
                    await work.finished.wait()
                if not work.finished.is_set() and work.time_left(deadline) <= 0 and (overrun := work.abandon()):
                    self._leave_thread(overrun.name)
                    return [*work.outcomes, overrun]
            return work.outcomes
        except BaseException:
            # Cancelled: the step at hand cannot be stopped, only left behind.
            if overrun := work.abandon():
                self._leave_thread(overrun.name)
            raise

    def _leave_thread(self, step: str) -> None:
        assert self._thread is not None
        self._stuck[step] = (self._thread, time.monotonic())
        self._thread.retire()
        self._thread = None

    def _still_running(self, step: Step[Value]) -> Outcome[Value]:
        since = time.monotonic() - self._stuck[step.name][1]
        return Outcome(step.name, None, OverrunError(f"an earlier call has not come back for {since:.0f} s"), 0.0)


class _Work(Generic[Value]):
    """Steps on their way through a thread. The lock settles who was first: the step's return or its abandonment."""

    def __init__(self, steps: Iterable[Step[Value]]) -> None:
        self.outcomes: list[Outcome[Value]] = []
        self.finished = trio.Event()
        self._steps = list(steps)
        self._running: tuple[str, float] | None = None
        self._abandoned = False
        self._lock = threading.Lock()
        self._token = trio.lowlevel.current_trio_token()

    def do(self) -> None:
        """Perform the steps; called in the thread."""
        for step in self._steps:
            with self._lock:
                if self._abandoned:
                    return
                self._running = (step.name, time.monotonic())
            outcome = _perform(step)
            with self._lock:
                if self._abandoned:
                    return
                self._running = None
                self.outcomes.append(outcome)
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self.finished.set)

    def time_left(self, deadline: float) -> float:
        """The seconds that the step at hand still has."""
        running = self._running
        return deadline if running is None else max(running[1] + deadline - time.monotonic(), 0.0)

    def abandon(self) -> Outcome[Value] | None:
        """Give up on the step at hand and on those after it; without one at hand, do nothing."""
        with self._lock:
            if self._running is None:
                return None
            self._abandoned = True
            name, since = self._running
            took = time.monotonic() - since
            return Outcome(name, None, OverrunError(f"still at it after {took:.1f} s; left behind"), took)


def _perform(step: Step[Value]) -> Outcome[Value]:
    start, cpu = time.monotonic(), time.thread_time()
    value: Value | None = None
    error: BaseException | None = None
    try:
        value = step.call()
    except (Exception, SystemExit) as raised:  # noqa: BLE001  what a step raises is a value here; its caller judges
        error = raised
    return Outcome(step.name, value, error, time.monotonic() - start, time.thread_time() - cpu)


class _Thread(Generic[Value]):
    """A daemon thread that does work after work; one that hangs never keeps the process from ending."""

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[_Work[Value] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def give(self, work: _Work[Value]) -> None:
        self._queue.put(work)

    def retire(self) -> None:
        """Let the thread end after the work at hand."""
        self._queue.put(None)

    def _loop(self) -> None:
        while (work := self._queue.get()) is not None:
            work.do()
