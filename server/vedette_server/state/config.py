"""The configuration of what is kept of the past: the tables ``[state]`` and ``[events]``."""

from __future__ import annotations

import msgspec

from vedette_shared.config import Duration

_DAY_MS = 86_400_000


class EventsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many events of the fleet are kept: the table ``[events]``.

    Attributes:
        keep: Events are deleted when they arrived so long ago.
        most: Of more, the first to arrive are deleted.
    """

    keep: Duration = Duration(400 * _DAY_MS)
    most: int = 1_000_000

    def __post_init__(self) -> None:
        if self.keep < _DAY_MS:
            raise ValueError("keep must be at least 1d")
        if self.most < 1:
            raise ValueError("most must be at least 1")


class StateConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long history is kept.

    Attributes:
        history: Changes of states and finished notifications are deleted when they are this old.
    """

    history: Duration = Duration(400 * _DAY_MS)

    def __post_init__(self) -> None:
        if self.history < _DAY_MS:
            raise ValueError("history must be at least 1d")
