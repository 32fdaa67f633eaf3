"""Group commit: appends wait together for one fsync, and only then are seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import trio

from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Receipt
from vedette_server.storage.read.directory import Source


class Append:
    """One append that waits to be durable; its subclasses say what it is. It has at most ``values`` samples."""

    __slots__ = ("_done", "_error", "_receipt", "values")

    def __init__(self, values: int) -> None:
        self.values = values
        self._done = trio.Event()
        self._receipt: Receipt | None = None
        self._error: StorageError | None = None

    def encode(self) -> list[bytes]:
        """Its records, framed; asked for once, just before they are written."""
        raise NotImplementedError

    def late(self) -> bool:
        """Whether the store may hold some of its samples outside the current head."""
        return False

    def examine(self, sources: Sequence[Source]) -> None:
        """Look for them there. In a worker thread, before anything is written."""

    def apply(self) -> Receipt:
        """Take it into the head; it is durable now."""
        raise NotImplementedError

    def finish(self) -> None:
        """It is durable: apply it, and let its caller go on."""
        self._receipt = self.apply()
        self._done.set()

    def fail(self, error: StorageError) -> None:
        """It could not be made durable."""
        self._error = error
        self._done.set()

    async def result(self) -> Receipt:
        """Wait until it is done.

        Raises:
            StorageError: nothing was taken.
        """
        await self._done.wait()
        if self._error is not None:
            raise type(self._error)(*self._error.args)
        assert self._receipt is not None
        return self._receipt


ENOUGH_VALUES = 65_536
"""With so many samples an fsync pays, and nothing waits for more."""


class CommitQueue:
    """Appends on their way to the log."""

    def __init__(self, batch_values: int) -> None:
        """``batch_values``: about how many samples go in one commit at most."""
        self._batch_values = batch_values
        self._values = 0
        self._waiting: deque[Append] = deque()
        self._wake = trio.Event()
        self._enough = trio.Event()
        self._closed: StorageError | None = StorageError("the store is not running yet")

    def open(self) -> None:
        """From now on somebody takes what is put in."""
        self._closed = None

    def close(self, error: StorageError) -> None:
        """Refuse what waits and what comes."""
        self._closed = error
        for append in self._waiting:
            append.fail(error)
        self._waiting.clear()
        self._values = 0

    async def put(self, append: Append) -> Receipt:
        """Put an append in the queue and wait for its receipt.

        Raises:
            StorageError: nothing was taken.
        """
        if self._closed is not None:
            raise self._closed
        self._waiting.append(append)
        self._values += append.values
        self._wake.set()
        if self._values >= ENOUGH_VALUES:
            self._enough.set()
        return await append.result()

    async def take(self, delay: float) -> Sequence[Append]:
        """Wait for appends, then ``delay`` seconds more for others to join, or until they are many; in order."""
        if not self._waiting:
            self._wake = trio.Event()
            await self._wake.wait()
        if self._values < ENOUGH_VALUES and delay > 0:
            self._enough = trio.Event()
            with trio.move_on_after(delay):
                await self._enough.wait()
        batch: list[Append] = []
        values = 0
        while self._waiting and (not batch or values + self._waiting[0].values <= self._batch_values):
            append = self._waiting.popleft()
            values += append.values
            batch.append(append)
        self._values -= values
        return batch
