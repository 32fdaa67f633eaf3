"""One client of a server that answers in batches: what it sent, what it is still to get, and until when. No waiting."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator

from vedette_shared.http.messages import CONTINUE, Request, Response, encode_response
from vedette_shared.http.reader import Event, ExpectsContinue, Limits, RequestReader

RECEIVE_BYTES = 64 * 2**10
LINGER_S = 2.0


class BatchClient:
    """A connection, which its owner closes.

    Attributes:
        connection: Its socket, non-blocking.
        deadline: It is cut when it has not moved on until then.
        events: What it has sent and waits to be answered, in order.
        is_in_flood: Whether more is likely to stand in the socket already.
    """

    __slots__ = (
        "_allowance",
        "_limits",
        "_outgoing",
        "_reader",
        "connection",
        "deadline",
        "events",
        "is_in_flood",
    )

    def __init__(self, connection: socket.socket, peer: str, limits: Limits, now: float) -> None:
        self.connection = connection
        self.deadline = now + limits.request_time
        self.events: list[Event] = []
        self.is_in_flood = False
        self._limits = limits
        self._reader = RequestReader(limits, peer)
        self._outgoing = b""
        self._allowance = -1  # bytes that are still read and dropped once the last answer is given
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def has_to_send(self) -> bool:
        """Whether it is to be sent more, before anything else of it is read."""
        return len(self._outgoing) > 0

    def receive(self, now: float) -> bool:
        """Read what has arrived; tell whether the connection goes on.

        Raises:
            OSError: the client is gone.
        """
        try:
            data = self.connection.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return True
        if not data:
            return False
        self.is_in_flood = len(data) == RECEIVE_BYTES
        if self._allowance >= 0:
            self._allowance -= len(data)
            return self._allowance > 0
        if self._reader.is_between_requests:
            self.deadline = now + self._limits.request_time
        events = self._reader.feed(data)
        self.events = _up_to_the_last(events) if len(events) > 1 else events
        if events:
            self.deadline = math.inf
        return True

    def requests(self) -> list[Request]:
        """Those that wait to be answered."""
        return [event for event in self.events if isinstance(event, Request)]

    def answer(self, responses: Iterator[Response], now: float) -> None:
        """Answer all that waits, ``responses`` being those to ``requests()``; sends what can be sent now.

        Raises:
            OSError: the client is gone.
        """
        parts = []
        goes_on = True
        for event in self.events:
            if isinstance(event, Request):
                goes_on = event.keep_alive
                head_only = event.method == "HEAD"
                parts.append(encode_response(next(responses), keep_alive=goes_on, head_only=head_only))
            elif isinstance(event, ExpectsContinue):
                parts.append(CONTINUE)
            else:
                goes_on = False
                parts.append(encode_response(Response(event.status, f"{event.text}\n".encode()), keep_alive=False))
        self.events = []
        if not goes_on:
            self._allowance = self._limits.body
        self._outgoing = parts[0] if len(parts) == 1 else b"".join(parts)
        self.send(now)

    def send(self, now: float) -> None:
        """Send on.

        Raises:
            OSError: the client is gone.
        """
        try:
            sent = self.connection.send(self._outgoing)
        except BlockingIOError:
            sent = 0
        self._outgoing = self._outgoing[sent:]
        if self._outgoing:
            self.deadline = now + self._limits.send_time
        elif self._allowance >= 0:
            # Closing on bytes that are still under way would reset the connection, and the answer with it.
            self.connection.shutdown(socket.SHUT_WR)
            self.deadline = now + LINGER_S
        elif self._reader.is_between_requests:
            self.deadline = now + self._limits.idle_time
        else:
            self.deadline = now + self._limits.request_time


def _up_to_the_last(events: list[Event]) -> list[Event]:
    """Leave out what comes after a request that is to be the connection's last."""
    for place, event in enumerate(events):
        if isinstance(event, Request) and not event.keep_alive:
            return events[: place + 1]
    return events
