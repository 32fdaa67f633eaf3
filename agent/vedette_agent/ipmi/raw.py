"""One command to a BMC: what sends it, and what can go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vedette_agent.errors import CollectorError

CHASSIS, SENSOR, APPLICATION, STORAGE, GROUP = 0x00, 0x04, 0x06, 0x0A, 0x2C
"""Network functions."""


class CommandError(CollectorError):
    """The BMC answers, but refuses a command. ``code`` is the completion code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"the BMC refuses: {text} (completion code {code:#04x})")
        self.code = code


class Raw(Protocol):
    """Sends one command and returns the data of the answer, without its completion code.

    Raises:
        CommandError: the BMC refuses.
        CollectorError: it cannot be reached; every further command would fail as well.
    """

    def __call__(self, netfn: int, command: int, data: Sequence[int] = (), lun: int = 0) -> bytes: ...
