"""Follows a system event log over readings and restarts: the cursor, its file, and the events not yet handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import trio

from vedette_agent.changes.memory import Memory
from vedette_agent.ipmi.readings import LogNews, SelCursor, SelNews
from vedette_agent.ipmi.sel import sel_events
from vedette_shared.events import Event
from vedette_shared.logs import get_logger

_log = get_logger(__name__)


class SelFollower:
    """Keeps how far the log has been read.

    The cursor is saved when the events before it are kept by others: a crash loses none, and may repeat some, with the
    ids that they had.

    Args:
        file: Of the cursor; ``None`` for one that lasts as long as this object.
        host: That the events are about; empty for the agent's own.
    """

    def __init__(self, file: Path | None, host: str) -> None:
        self._file = file
        self._memory = Memory(file) if file is not None else None
        self._host = host
        self._cursor: SelCursor | None = None
        self._handed: SelCursor | None = None
        self._kept: SelCursor | None = None
        self._saved: SelCursor | None = None
        self._is_loaded = False
        self._events: list[Event] = []

    async def prepare(self) -> SelCursor | None:
        """Load the cursor at the first call, save it at later ones if it has moved; return it."""
        if not self._is_loaded:
            self._cursor = self._handed = self._kept = self._saved = await trio.to_thread.run_sync(self._load)
            self._is_loaded = True
        if self._kept != self._saved:
            await trio.to_thread.run_sync(self._save, self._kept)
            self._saved = self._kept
        return self._cursor

    def note(self, news: SelNews | LogNews | None, now_ms: int) -> None:
        """Take what a reading gave."""
        if news is None:
            return
        events: Sequence[Event] = (
            [msgspec.structs.replace(event, host=self._host) for event in news.events]
            if isinstance(news, LogNews)
            else sel_events(news, now_ms, self._host)
        )
        self._events += map(self._named, news.records, events)
        self._cursor = news.cursor

    def take_events(self) -> Sequence[Event]:
        """Hand over the events since the last call."""
        events, self._events = self._events, []
        self._handed = self._cursor
        return events

    def events_kept(self) -> None:
        """Take it that the events handed over so far outlive this process."""
        self._kept = self._handed

    def _named(self, record: bytes, event: Event) -> Event:
        """The event with an id that it has whenever its record is read."""
        if self._file is None:
            return event
        digest = hashlib.blake2b(record, digest_size=8, key=self._file.name.encode()[:64]).hexdigest()
        return msgspec.structs.replace(event, id=f"sel.{digest}")

    def _load(self) -> SelCursor | None:
        if self._file is None:
            return None
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=SelCursor)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("the cursor cannot be read; beginning at the log's end", file=self._file, error=error)
            return None

    def _save(self, cursor: SelCursor | None) -> None:
        if self._memory is not None:
            self._memory.save(msgspec.json.encode(cursor))
