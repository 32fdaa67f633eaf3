"""What can go wrong in the agent.

VedetteError
├── CollectorError      a collector could not do its work; it harms no other
│   └── NoDataError     there is nothing here to collect (no such hardware, no such file)
└── SpoolError          the folder of the spool cannot be used
"""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class CollectorError(VedetteError):
    """A collector failed; the text says what it wanted to read and why it could not."""


class NoDataError(CollectorError):
    """The host has nothing of what the collector reads. Not a fault, and logged as none."""


class SpoolError(VedetteError):
    """The spool cannot be opened; the text names the folder and says what to do."""
