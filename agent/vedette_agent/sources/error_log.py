"""Logs an error of something that runs again and again when it comes and when it goes, not each time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vedette_agent.errors import NoDataError
from vedette_agent.sources.serial import Outcome
from vedette_shared.logs import get_logger

_log = get_logger(__name__)


def problems_of(outcomes: Iterable[Outcome[Any]]) -> dict[str, str]:
    """The errors among ``outcomes`` by name; that there is nothing to collect is none."""
    return {
        outcome.name: f"{type(outcome.error).__name__}: {outcome.error}"
        for outcome in outcomes
        if outcome.error is not None and not isinstance(outcome.error, NoDataError)
    }


class ErrorLog:
    """Remembers what fails. ``kind`` names it in the log: ``collector``, ``script``."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._failing: dict[str, str] = {}

    def note(self, name: str, error: BaseException | None) -> None:
        """Take what came of ``name`` this time."""
        # The text of an overrun tells how long it took, and so differs each time; its type does not.
        key = type(error).__name__
        fields = {self._kind: name}
        if error is None or isinstance(error, NoDataError):
            if self._failing.pop(name, None) is not None:
                _log.info(f"{self._kind} works again", **fields)
        elif self._failing.get(name) != key:
            _log.warning(f"{self._kind} failed", error=error, **fields)
            self._failing[name] = key
