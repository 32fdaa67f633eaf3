"""A watch and its memory, as a source holds them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec
import trio

from vedette_agent.changes.memory import Memory, Seen
from vedette_agent.changes.watch import Watch
from vedette_shared.events import Event


class Keeper:
    """Loads the watch at its first use, and saves it when its events are kept by others.

    Were it saved sooner, a crash would lose events; as it is, a crash may repeat some, with the ids that they had.
    """

    def __init__(self, source: str, memory: Memory) -> None:
        self._source = source
        self._memory = memory
        self._watch: Watch | None = None
        self._unsaved: bytes | None = None
        self._is_kept = False

    async def watch(self) -> Watch:
        """Return the watch."""
        if self._watch is None:
            seen = await trio.to_thread.run_sync(self._load)
            self._watch = self._watch or Watch(self._source, seen)
        return self._watch

    def take_events(self) -> Sequence[Event]:
        """Return the events since the last call."""
        if self._watch is None:
            return ()
        changes = self._watch.take_changes()
        if changes is not None:
            self._unsaved, self._is_kept = changes, False
        return self._watch.take_events()

    def events_kept(self) -> None:
        """Take it that the events taken so far outlive this process."""
        self._is_kept = True

    async def remember(self) -> None:
        """Save what the events that are kept tell of."""
        if self._unsaved is not None and self._is_kept:
            await trio.to_thread.run_sync(self._memory.save, self._saving(), abandon_on_cancel=True)

    def close(self) -> None:
        """Save what is not saved yet, if its events are kept."""
        if self._unsaved is not None and self._is_kept:
            self._memory.save(self._saving())

    def _saving(self) -> bytes:
        data, self._unsaved = self._unsaved, None
        assert data is not None
        assert self._watch is not None
        self._watch.saved()
        return data

    def _load(self) -> Seen:
        seen = self._memory.load()
        if not seen.origin:
            seen.origin = secrets.token_hex(8)
            # At once, so that events have the same ids though the first state of all is never saved.
            self._memory.save(msgspec.json.encode(seen))
        return seen
