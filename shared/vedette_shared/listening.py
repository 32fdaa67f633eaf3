"""Listening sockets, bound before anything else starts, so that a taken port is one clear line."""

from __future__ import annotations

import errno
import socket

from vedette_shared.addresses import Address
from vedette_shared.errors import ListenError

BACKLOG = 4096
"""A fleet of agents that come back at once must not be turned away; the kernel's ``somaxconn`` bounds it."""

_HINTS = {
    errno.EADDRINUSE: "another process listens there; stop it or name another port",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE",
}


def listen_on(address: Address) -> socket.socket:
    """Return a non-blocking TCP socket that listens on ``address``; port 0 takes a free one.

    Raises:
        ListenError: the address cannot be bound or resolved.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(where)
            listener.listen(BACKLOG)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "")
        raise ListenError(f"cannot listen on {address}: {error.strerror}{'; ' if hint else ''}{hint}") from error
    return listener


def bound_address(listener: socket.socket) -> Address:
    """The address that ``listener`` listens on, its port concrete."""
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def is_free(address: Address) -> bool:
    """Whether ``address`` could be listened on just now."""
    try:
        listen_on(address).close()
    except ListenError:
        return False
    return True
