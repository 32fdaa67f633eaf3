"""What a watch has seen, in a file: JSON, written aside and renamed, so that it is there whole or as it was before."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from vedette_shared.logs import get_logger

_log = get_logger(__name__)

VERSION = 1


class Known(msgspec.Struct):
    """A part as it was last seen. ``missed`` counts the looks since in which it was not there."""

    scope: str
    place: str
    title: str
    labels: dict[str, str]
    states: dict[str, str]
    counters: dict[str, int]
    missed: int = 0


class Seen(msgspec.Struct):
    """All that a watch remembers.

    Attributes:
        parts: By scope and key.
        expected: For each scope that was ever looked at, the places that its first look found and that have not been
            read yet: what is there does not appear, it has been there all along.
        origin: Drawn when the memory began; with ``saves``, it tells the ids of events from those of all others.
        saves: How often it was saved.
    """

    version: int = VERSION
    parts: dict[str, Known] = {}
    expected: dict[str, list[str]] = {}
    origin: str = ""
    saves: int = 0


class Memory:
    """The file. One that cannot be read counts as absent; one that cannot be written costs the memory alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failing = False

    def load(self) -> Seen:
        """Return what was saved last; nothing, where there is none."""
        try:
            seen = msgspec.json.decode(self._file.read_bytes(), type=Seen)
        except FileNotFoundError:
            return Seen()
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("what was seen before cannot be read; beginning anew", file=self._file, error=error)
            return Seen()
        return seen if seen.version == VERSION else Seen()

    def save(self, data: bytes) -> None:
        """Replace the file by ``data``. Blocks."""
        aside = self._file.with_name(f"{self._file.name}.new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._file)
        except OSError as error:
            if not self._failing:
                _log.warning("what was seen cannot be written; a restart forgets it", file=self._file, error=error)
            self._failing = True
        else:
            self._failing = False
