"""Follows a system event log over readings and restarts: the cursor, its file, and the events not yet handed over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import trio

from vedette_agent.changes.memory import Memory
from vedette_agent.ipmi.readings import SelCursor, SelNews
from vedette_agent.ipmi.sel import sel_events
from vedette_shared.events import Event
from vedette_shared.logs import get_logger

_log = get_logger(__name__)


class SelFollower:
    """Keeps how far the log has been read.

    The cursor is saved when the events before it have been handed over: a crash may repeat some, and loses none.

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
        self._saved: SelCursor | None = None
        self._is_loaded = False
        self._events: list[Event] = []

    async def prepare(self) -> SelCursor | None:
        """Load the cursor at the first call, save it at later ones if it has moved; return it."""
        if not self._is_loaded:
            self._cursor = self._handed = self._saved = await trio.to_thread.run_sync(self._load)
            self._is_loaded = True
        if self._handed != self._saved:
            await trio.to_thread.run_sync(self._save, self._handed)
            self._saved = self._handed
        return self._cursor

    def note(self, news: SelNews | None, now_ms: int) -> None:
        """Take what a reading gave."""
        if news is not None:
            self._events += sel_events(news, now_ms, self._host)
            self._cursor = news.cursor

    def take_events(self) -> Sequence[Event]:
        """Hand over the events since the last call."""
        events, self._events = self._events, []
        self._handed = self._cursor
        return events

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
