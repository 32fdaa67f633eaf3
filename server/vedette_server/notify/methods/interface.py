"""What every method of notification offers. One method a file; ``registry`` names them all."""

from __future__ import annotations

from typing import Protocol

from vedette_server.notify.alert import Alert


class Method(Protocol):
    """A way to tell people."""

    async def send(self, identity: str, alert: Alert) -> None:
        """Deliver a notification; return when the receiver has accepted it.

        The caller sets a deadline and repeats what failed, under the same ``identity``, so that the receiver can tell.

        Raises:
            SinkDownError: the receiver cannot take anything now.
            RefusedError: the receiver does not take this one.
        """
        ...
