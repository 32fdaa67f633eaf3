"""How a device is spoken to: bytes of queries out, events in. Without I/O.

A session lives as long as its device is configured: that of version 3 keeps what it has learnt of the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from vedette_agent.snmp.message import Answer, Query, decode_community_message, encode_community_message, encode_query


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to the query ``request_id``."""

    request_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The session has learnt something of the engine; the query ``request_id`` can be encoded anew and sent."""

    request_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The agent does not take the query ``request_id``."""

    request_id: int
    reason: str


Event: TypeAlias = Answered | AskAgain | Refused


class Session(Protocol):
    """One device's side of the talk."""

    has_bulk: bool
    """Whether GETBULK is there."""

    def encode(self, query: Query, request_id: int) -> bytes:
        """Return the bytes to send for a query."""
        ...

    def receive(self, data: bytes) -> Event | None:
        """Return what a datagram says; ``None`` where it is not to be believed.

        Raises:
            MalformedError: it is no message of this version.
        """
        ...


class CommunitySession:
    """Version 1 or 2c."""

    def __init__(self, version: int, community: bytes) -> None:
        self.has_bulk = version > 0
        self._version = version
        self._community = community

    def encode(self, query: Query, request_id: int) -> bytes:
        return encode_community_message(self._version, self._community, encode_query(query, request_id))

    def receive(self, data: bytes) -> Event | None:
        answer = decode_community_message(data, self._version)
        return Answered(answer.request_id, answer)
