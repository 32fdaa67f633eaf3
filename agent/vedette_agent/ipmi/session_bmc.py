"""A BMC by raw commands: a session that is kept while it works, read in worker threads, left behind where they hang.

A session keeps its own deadline; what can still hang is what lies below it, such as the look-up of a name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.commands import BmcReader
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.raw import Raw
from vedette_agent.ipmi.readings import BmcReport, SelCursor

MOST_THREADS = 3
"""Threads of one BMC: one at work, the others left behind."""
MOST_IDLE_S = 45.0
"""A session that lay idle for longer has ended at the BMC, whose own limit is a minute."""
HEADSTART = 0.9
"""The share of the time for a reading that its thread takes, so that it ends before it would be left behind."""

OLD_SESSION = 0.5
"""The share of that time for a session that was kept; a new one may need the rest."""


class Session(Protocol):
    """A way to a BMC that is open. Blocks; belongs to one thread at a time. After an error it is of no more use."""

    @property
    def raw(self) -> Raw: ...

    def set_deadline(self, deadline: float) -> None:
        """Let commands take until ``deadline``, in seconds of ``time.monotonic``."""

    def close(self) -> None:
        """End it, without waiting."""


class Target(Protocol):
    """Where a BMC is."""

    def open(self, deadline: float) -> Session:
        """Begin a session, in no more time than to ``deadline``. Raises CollectorError."""
        ...


class SessionBmc:
    """Reads one BMC, by one task at a time.

    Args:
        target: Where it is.
        timeout: Seconds for one reading.
        slots: Shared with other BMCs: so many are read at the same time.
    """

    def __init__(self, target: Target, timeout: float, slots: Callable[[], trio.Semaphore]) -> None:
        self.left_behind = 0
        self.cpu_seconds = 0.0
        self._target = target
        self._timeout = timeout
        self._slots = slots
        self._threads: trio.CapacityLimiter | None = None
        self._connection: _Connection | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()

    async def read(self, collectors: Sequence[Collector], cursor: SelCursor | None = None) -> BmcReport:
        """Return what ``collectors`` find, and what the event log holds behind ``cursor``.

        May be cancelled at any moment; its thread is left behind then.

        Raises:
            CollectorError: the BMC cannot be reached, or lets nobody in.
        """
        if self._threads is None:
            self._threads = trio.CapacityLimiter(MOST_THREADS)
        if self._threads.available_tokens < 1:
            raise CollectorError(f"{MOST_THREADS} threads that asked it hang; one has to end first")
        async with self._slots():
            # Taken away while it is at work: a thread that is left behind keeps it to itself.
            connection = self._connection or _Connection(self._target)
            self._connection = None
            deadline = time.monotonic() + HEADSTART * self._timeout
            is_done = False
            cpu = connection.cpu_seconds
            try:
                report = await trio.to_thread.run_sync(
                    connection.read, collectors, cursor, deadline, abandon_on_cancel=True, limiter=self._threads
                )
                is_done = True
            except CollectorError:
                is_done = True
                raise
            finally:
                self.left_behind += not is_done
                self.cpu_seconds += connection.cpu_seconds - cpu
        self._connection = connection
        return report

    def close(self) -> None:
        """Log out."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Connection:
    """The session with a BMC. Blocks; belongs to one thread at a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._reader = BmcReader()
        self._session: Session | None = None
        self._used_at = 0.0
        self.cpu_seconds = 0.0

    def read(self, collectors: Sequence[Collector], cursor: SelCursor | None, deadline: float) -> BmcReport:
        if time.monotonic() - self._used_at > MOST_IDLE_S:
            self.close()
        is_new = self._session is None
        cpu = time.thread_time()
        now = time.monotonic()
        try:
            report = self._read_once(collectors, cursor, deadline if is_new else now + OLD_SESSION * (deadline - now))
        except CollectorError:
            if is_new:
                raise
            # The BMC may have forgotten the session, as one does that was reset, and does not answer within it.
            report = self._read_once(collectors, cursor, deadline)
        finally:
            self.cpu_seconds += time.thread_time() - cpu
        self._used_at = time.monotonic()
        return report

    def _read_once(self, collectors: Sequence[Collector], cursor: SelCursor | None, deadline: float) -> BmcReport:
        try:
            return self._reader.read(self._open(deadline).raw, collectors, cursor)
        except CollectorError:
            self.close()
            raise

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _open(self, deadline: float) -> Session:
        if self._session is None:
            self._session = self._target.open(deadline)
        self._session.set_deadline(deadline)
        return self._session
