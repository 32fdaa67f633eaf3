"""The configuration of what is kept of the past: the table ``[state]``."""

from __future__ import annotations

import msgspec

from vedette_shared.config import Duration

_DAY_MS = 86_400_000


class StateConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long history is kept.

    Attributes:
        history: Changes of states and finished notifications are deleted when they are this old.
    """

    history: Duration = Duration(400 * _DAY_MS)

    def __post_init__(self) -> None:
        if self.history < _DAY_MS:
            raise ValueError("history must be at least 1d")
