"""Accepting a client."""

from __future__ import annotations

import errno
import socket

_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def accept_now(listener: socket.socket) -> tuple[socket.socket, str] | None:
    """Return (a client's non-blocking socket, its address), or ``None`` if nobody waits.

    Raises:
        OSError: this machine cannot take one more client now.
    """
    while True:
        try:
            client, peer = listener.accept()
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                raise
            continue  # that client has gone again
        client.setblocking(False)
        return client, str(peer[0]) if peer else ""
