"""Asks file systems for their size without being held up by one that hangs.

A dead NFS server or FUSE daemon keeps statvfs(3) waiting for ever, and nothing in the process can call it off. So the
calls are made in threads that can be left behind. A mount whose call hangs is not asked again until that call returns,
and the number of threads that may hang is bounded; beyond it, only mounts that have answered before are asked.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

Answer: TypeAlias = "os.statvfs_result | str"
"""What statvfs returns, or a text that says why it returned nothing."""

TIMED_OUT = "mountpoint timeout"
NOT_ASKED = "not asked, as too many mounts hang"

_IDLE_SECONDS = 60.0
"""After this long without work the last thread ends; the next question starts another."""
_PATIENCE_SECONDS = 0.05
"""After this long without an answer a further thread goes on with the mounts that wait."""


class StatvfsWatch:
    """Calls ``statvfs`` for many paths; one thread asks at a time.

    Args:
        timeout: Seconds that all the calls of one ``ask`` may take together.
        limit: How many calls may hang, each with a thread of its own.
        statvfs: Stands in for ``os.statvfs`` in tests.
    """

    def __init__(self, timeout: float, limit: int, statvfs: Callable[[str], os.statvfs_result] = os.statvfs) -> None:
        self._timeout = timeout
        self._limit = limit
        self._statvfs = statvfs
        self._change = threading.Condition()
        self._waiting: deque[str] = deque()
        self._calling: set[str] = set()
        self._answers: dict[str, Answer] = {}
        self._trusted: set[str] = set()
        self._threads = 0
        self._idle = 0

    def ask(self, paths: Iterable[str]) -> dict[str, Answer]:
        """Return the answer for each of ``paths``. Those that are likely to answer come first in it."""
        wanted = dict.fromkeys(paths)
        with self._change:
            self._answers.clear()
            asked = {path for path in wanted if path not in self._calling}
            if len(self._calling) >= self._limit:
                asked &= self._trusted
            self._waiting.extend(path for path in wanted if path in asked)
            self._wait(asked, time.monotonic() + self._timeout)
            self._waiting.clear()
            return {path: self._answer(path) for path in wanted}

    def hung(self) -> int:
        """The number of calls that have not returned."""
        with self._change:
            return len(self._calling)

    def _answer(self, path: str) -> Answer:
        answer = self._answers.get(path)
        if answer is not None:
            return answer
        self._trusted.discard(path)
        return TIMED_OUT if path in self._calling else NOT_ASKED

    def _wait(self, asked: set[str], deadline: float) -> None:
        """Wait for answers, with the lock held, and bring in a thread whenever those that are there are held up."""

        def answered() -> bool:
            return self._answers.keys() >= asked

        while not answered():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            if self._idle:
                self._change.notify_all()
            elif self._waiting and self._threads < self._limit + (self._waiting[0] in self._trusted):
                self._threads += 1
                # A daemon, so that a call that hangs cannot keep the process from ending.
                threading.Thread(target=self._work, name="statvfs", daemon=True).start()
            self._change.wait_for(answered, min(left, _PATIENCE_SECONDS))

    def _work(self) -> None:
        with self._change:
            while True:
                if not self._waiting:
                    # One idle thread is enough while nothing hangs, and none once nobody asks any more.
                    if self._idle:
                        break
                    self._idle += 1
                    asked = self._change.wait_for(lambda: self._waiting, _IDLE_SECONDS)
                    self._idle -= 1
                    if not asked:
                        break
                self._call(self._waiting.popleft())
                if not self._waiting:
                    self._change.notify_all()
            self._threads -= 1

    def _call(self, path: str) -> None:
        self._calling.add(path)
        self._change.release()
        try:
            answer: Answer = self._statvfs(path)
        except OSError as error:
            answer = (error.strerror or str(error)).lower()
        finally:
            self._change.acquire()
        self._calling.discard(path)
        self._answers[path] = answer
        self._trusted.add(path)
