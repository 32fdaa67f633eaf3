"""Group commit: appends wait together for one fsync, and only then are seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import trio

from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Receipt
from vedette_server.storage.read.directory import Source

_UNDECIDED = StorageError("not decided yet")


class Append:
    """One append on its way to be durable; its subclasses say what it is. It has at most ``values`` samples.

    Attributes:
        is_new: Whether any of it may not be in the store yet.
        outcome: What became of it, once that is known: a receipt for each of its parts, or why nothing was taken.
    """

    __slots__ = ("is_new", "outcome", "values")

    def __init__(self, values: int) -> None:
        self.values = values
        self.is_new = True
        self.outcome: Sequence[Receipt] | StorageError = _UNDECIDED

    @property
    def count(self) -> int:
        """How many parts it has."""
        return 1

    def encode(self) -> list[bytes]:
        """Its records, framed, in pieces; asked for once, just before they are written."""
        raise NotImplementedError

    def layouts(self) -> Iterable[bytes]:
        """The layouts that it needs to be known."""
        return ()

    def late(self) -> bool:
        """Whether the store may hold some of its samples outside the current head."""
        return False

    def examine(self, sources: Sequence[Source]) -> None:
        """Look for them there. In a worker thread, before anything is written."""

    def apply(self) -> Sequence[Receipt]:
        """Take it into the head; it is durable now."""
        raise NotImplementedError

    def outcomes(self) -> Sequence[Receipt | StorageError]:
        """The outcome of each part."""
        return [self.outcome] * self.count if isinstance(self.outcome, StorageError) else self.outcome

    def result(self) -> Receipt:
        """The receipt of an append of one part.

        Raises:
            StorageError: nothing was taken.
        """
        if isinstance(self.outcome, StorageError):
            raise self.outcome
        (receipt,) = self.outcome
        return receipt


class Group:
    """Appends that came together and go in one commit, and whoever waits for them."""

    __slots__ = ("_done", "appends", "values")

    def __init__(self, appends: Sequence[Append]) -> None:
        self.appends = appends
        self.values = sum(append.values for append in appends)
        self._done = trio.Event()

    def finish(self) -> None:
        """All have their outcome: let the one who waits go on."""
        self._done.set()

    def fail(self, error: StorageError) -> None:
        """None could be made durable."""
        for append in self.appends:
            append.outcome = type(error)(*error.args)
        self._done.set()

    async def wait(self) -> None:
        """Wait for the outcomes."""
        await self._done.wait()


ENOUGH_VALUES = 65_536
"""With so many samples an fsync pays, and nothing waits for more."""


class CommitQueue:
    """Appends on their way to the log."""

    def __init__(self, batch_values: int) -> None:
        """``batch_values``: about how many samples go in one commit at most."""
        self._batch_values = batch_values
        self._values = 0
        self._waiting: deque[Group] = deque()
        self._wake = trio.Event()
        self._hurry = trio.Event()
        self._closed: StorageError | None = StorageError("the store is not running yet")

    def open(self) -> None:
        """From now on somebody takes what is put in."""
        self._closed = None

    def close(self, error: StorageError) -> None:
        """Refuse what waits and what comes."""
        self._closed = error
        for group in self._waiting:
            group.fail(error)
        self._waiting.clear()
        self._values = 0

    async def put(self, *appends: Append, at_once: bool = False) -> None:
        """Put appends in the queue and wait for their outcomes; with ``at_once`` nothing else is waited for.

        Raises:
            StorageError: the queue is closed.
        """
        if self._closed is not None:
            raise type(self._closed)(*self._closed.args)
        group = Group(appends)
        self._waiting.append(group)
        self._values += group.values
        self._wake.set()
        if at_once or self._values >= ENOUGH_VALUES:
            self._hurry.set()
        await group.wait()

    def layouts(self) -> set[bytes]:
        """The layouts that what waits needs to be known."""
        return {one for group in self._waiting for append in group.appends for one in append.layouts()}

    async def take(self, delay: float) -> Sequence[Group]:
        """Wait for appends, then ``delay`` seconds more for others to join, or until they are many; in order."""
        if not self._waiting:
            self._wake = trio.Event()
            await self._wake.wait()
        if not self._hurry.is_set() and delay > 0:
            with trio.move_on_after(delay):
                await self._hurry.wait()
        batch: list[Group] = []
        values = 0
        while self._waiting and (not batch or values + self._waiting[0].values <= self._batch_values):
            group = self._waiting.popleft()
            values += group.values
            batch.append(group)
        self._values -= values
        if not self._waiting:
            self._hurry = trio.Event()
        return batch
