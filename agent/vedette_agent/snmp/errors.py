"""What can go wrong with a device.

CollectorError
└── SnmpError               the device could not be asked; tells which and why
    ├── MalformedError      bytes are not a message of SNMP
    └── NoAnswerError       it did not answer in time
"""

from __future__ import annotations

from vedette_agent.errors import CollectorError


class SnmpError(CollectorError):
    """A device could not be asked, or refused."""


class MalformedError(SnmpError):
    """Bytes are not what SNMP allows at this place."""


class NoAnswerError(SnmpError):
    """No answer came in time."""
