"""What can go wrong with the delivery of a notification.

DeliveryError           it was not accepted; it will be tried again
├── SinkDownError       the receiver cannot be reached or is unwell: nothing would be accepted now
└── RefusedError        the receiver is well and will not have this one
"""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class DeliveryError(VedetteError):
    """A notification was not accepted."""


class SinkDownError(DeliveryError):
    """The receiver cannot be reached, answers that it is unwell, or not in time."""


class RefusedError(DeliveryError):
    """The receiver refuses this notification, and will probably refuse it again until somebody mends something."""
