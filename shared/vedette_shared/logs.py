"""Logs: one line an event, ``key=value`` pairs on stderr, with the level as journald reads it when it listens."""

from __future__ import annotations

import logging
import os
import re
import sys
from datetime import datetime, timezone

_BARE = re.compile(r"[^\s=\"\\]+")
_JOURNAL_PRIORITIES = {logging.ERROR: "<3>", logging.WARNING: "<4>", logging.INFO: "<6>", logging.DEBUG: "<7>"}


class Logger:
    """Logs events with fields. Obtain one with ``get_logger``."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._log(logging.ERROR, event, fields)

    def _log(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", event, extra={"fields": fields})


def get_logger(name: str) -> Logger:
    """Return the logger of a module; pass ``__name__``."""
    return Logger(name)


class KeyValueFormatter(logging.Formatter):
    """Formats a record as ``time=… level=… logger=… event="…" key=value``; under journald without the time."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        pairs: dict[str, object] = {}
        if not self._journal:
            moment = datetime.fromtimestamp(record.created, timezone.utc)
            pairs["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        pairs |= {"level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        pairs |= getattr(record, "fields", {})
        line = " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items())
        if record.exc_info:
            line += f" exception={_quoted(self.formatException(record.exc_info))}"
        return (_JOURNAL_PRIORITIES.get(record.levelno, "<6>") if self._journal else "") + line


def configure_logs(level: str = "info") -> None:
    """Send all logs of ``level`` (debug, info, warning, error) and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValueFormatter(journal="JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for package in ("vedette_agent", "vedette_server", "vedette_tui", "vedette_shared"):
        logging.getLogger(package).setLevel(level.upper())


def _quoted(value: object) -> str:
    text = str(value)
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
