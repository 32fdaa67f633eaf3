"""A watch and its memory, as a source holds them."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from vedette_agent.changes.memory import Memory
from vedette_agent.changes.watch import Watch
from vedette_shared.events import Event


class Keeper:
    """Loads the watch at its first use, and saves it when its events have been handed on.

    Were it saved sooner, a crash would lose events; as it is, a crash may repeat some.
    """

    def __init__(self, source: str, memory: Memory) -> None:
        self._source = source
        self._memory = memory
        self._watch: Watch | None = None
        self._unsaved: bytes | None = None

    async def watch(self) -> Watch:
        """Return the watch."""
        if self._watch is None:
            seen = await trio.to_thread.run_sync(self._memory.load)
            self._watch = self._watch or Watch(self._source, seen)
        return self._watch

    def take_events(self) -> Sequence[Event]:
        """Return the events since the last call; they are published before the next call of ``remember``."""
        if self._watch is None:
            return ()
        self._unsaved = self._watch.take_changes() or self._unsaved
        return self._watch.take_events()

    async def remember(self) -> None:
        """Save what the events taken before tell of."""
        data, self._unsaved = self._unsaved, None
        if data is not None:
            await trio.to_thread.run_sync(self._memory.save, data, abandon_on_cancel=True)

    def close(self) -> None:
        """Save what is not saved yet."""
        if self._unsaved is not None:
            self._memory.save(self._unsaved)
