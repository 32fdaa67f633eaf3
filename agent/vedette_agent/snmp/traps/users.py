"""Notifications of version 3, from datagrams to what they say. Without I/O.

The engine of a trap is its sender's; that of an inform is this agent's, which tells those who ask who it is and what
time it has (RFC 3414, sections 3.2 and 4).
"""

from __future__ import annotations

import secrets
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from vedette_agent.snmp.ber import encode_integer, encode_oid, encode_sequence
from vedette_agent.snmp.engine_clock import EngineClock
from vedette_agent.snmp.message import COUNTER32, REPORT, encode_bindings
from vedette_agent.snmp.message_v3 import (
    DECRYPTION,
    MAX_BOOTS,
    NOT_IN_TIME,
    REPORTABLE,
    SECURITY_LEVEL,
    STATS,
    UNKNOWN_ENGINE,
    UNKNOWN_USER,
    WINDOW_S,
    WRONG_DIGEST,
    Message,
    Security,
    decrypted,
    encode_scoped,
    is_proven,
    read_scoped,
    seal,
    take_apart,
)
from vedette_agent.snmp.traps.notification import Notification, decode_notification, encode_acknowledgement
from vedette_agent.snmp.usm import AUTH, PRIV, User

MOST_ENGINES = 4096
"""Whose time is remembered; those heard of longest ago are forgotten first."""

REASONS = {
    SECURITY_LEVEL: "security_level",
    NOT_IN_TIME: "not_in_time",
    UNKNOWN_USER: "user",
    UNKNOWN_ENGINE: "discovery",
    WRONG_DIGEST: "authentication",
    DECRYPTION: "decryption",
}
"""Why a message was not taken, by the number that a report has for it."""

_NOBODY = User("")


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """This agent as an engine. ``started_at`` is in monotonic seconds."""

    id: bytes
    boots: int
    started_at: float

    def time(self, monotonic: float) -> int:
        return int(monotonic - self.started_at)


@dataclass(frozen=True, slots=True)
class Taken:
    """A notification that is to be believed, and the answer where it wants one."""

    notification: Notification
    reply: bytes = b""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that is not to be believed: why, and the report where it wants one."""

    reason: str
    reply: bytes = b""


Received: TypeAlias = Taken | Dropped


class UserReceiver:
    """Receives version 3.

    Args:
        users: Those who may send.
        engine: This agent, as those see it who send informs.
    """

    def __init__(self, users: Mapping[str, User], engine: LocalEngine) -> None:
        self._users = {name.encode(): user for name, user in users.items()}
        self._engine = engine
        self._clocks: OrderedDict[bytes, EngineClock] = OrderedDict()
        self._reports = dict.fromkeys(REASONS, 0)
        self._salt = secrets.randbits(64)

    def receive(self, data: bytes, monotonic: float) -> Received:
        """Return what a datagram of version 3 says.

        Raises:
            MalformedError: it is none.
        """
        message = take_apart(data)
        told = message.security
        is_own = told.engine_id == self._engine.id
        if not is_own and (message.flags & REPORTABLE or not told.engine_id):
            return self._refuse(message, UNKNOWN_ENGINE, _NOBODY, monotonic)
        user = self._users.get(told.user)
        if user is None:
            return self._refuse(message, UNKNOWN_USER, _NOBODY, monotonic)
        if message.flags & (AUTH | PRIV) != user.flags:
            return self._refuse(message, SECURITY_LEVEL, _NOBODY, monotonic)
        keys = user.keys_at(told.engine_id)
        if user.auth_protocol:
            if not is_proven(message, data, user, keys):
                return self._refuse(message, WRONG_DIGEST, _NOBODY, monotonic)
            if not (self._is_now(told, monotonic) if is_own else self._is_timely(told, monotonic)):
                return self._refuse(message, NOT_IN_TIME, user, monotonic)
        if not user.priv_protocol:
            return self._take(message, user, data, message.scoped, monotonic)
        plain = decrypted(message, data, keys)
        if plain is None:
            return self._refuse(message, DECRYPTION, _NOBODY, monotonic)
        return self._take(message, user, plain, (0, len(plain)), monotonic)

    def _take(self, message: Message, user: User, scoped: bytes, where: tuple[int, int], monotonic: float) -> Received:
        context, at, end = read_scoped(scoped, *where)
        notification = decode_notification(scoped, at, end)
        if notification.request_id is None:
            return Taken(notification, b"", user.name)
        if message.security.engine_id != self._engine.id:
            # Nobody's time would be proven by it.
            return self._refuse(message, UNKNOWN_ENGINE, _NOBODY, monotonic)
        reply = self._sealed(message, user, context, encode_acknowledgement(notification), monotonic)
        return Taken(notification, reply, user.name)

    def _is_now(self, told: Security, monotonic: float) -> bool:
        """Whether the sender knows this engine's time."""
        engine = self._engine
        return told.boots == engine.boots < MAX_BOOTS and abs(told.time - engine.time(monotonic)) <= WINDOW_S

    def _is_timely(self, told: Security, monotonic: float) -> bool:
        """Whether a proven trap is not an old one that is played back."""
        clock = self._clocks.pop(told.engine_id, None) or EngineClock()
        self._clocks[told.engine_id] = clock
        if len(self._clocks) > MOST_ENGINES:
            self._clocks.popitem(last=False)
        return clock.is_timely(told, monotonic)

    def _refuse(self, message: Message, reason: int, user: User, monotonic: float) -> Dropped:
        """Only a report on the time bears a code: of that, the sender believes nothing else."""
        self._reports[reason] += 1
        if not message.flags & REPORTABLE:
            return Dropped(REASONS[reason])
        counted = (encode_oid((1, 3, *STATS[1:], reason, 0)), encode_integer(self._reports[reason] % 2**32, COUNTER32))
        pdu = encode_sequence(
            encode_integer(0), encode_integer(0), encode_integer(0), encode_bindings([counted]), tag=REPORT
        )
        plain = replace(user, priv_protocol="")
        return Dropped(REASONS[reason], self._sealed(message, plain, (self._engine.id, b""), pdu, monotonic))

    def _sealed(
        self, message: Message, user: User, context: tuple[bytes, bytes], pdu: bytes, monotonic: float
    ) -> bytes:
        engine = self._engine
        salt = b""
        if user.priv_protocol:
            self._salt = (self._salt + 1) % 2**64
            salt = struct.pack(">Q", self._salt)
        name = user.name.encode() or message.security.user
        security = Security(engine.id, engine.boots, engine.time(monotonic), name, b"", salt)
        scoped = encode_scoped(*context, pdu)
        return seal(message.id, user.flags, security, scoped, user, user.keys_at(engine.id))
