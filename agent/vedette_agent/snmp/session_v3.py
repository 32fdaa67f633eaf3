"""Version 3 with the User-based Security Model (RFC 3412, RFC 3414).

The identifier of a message is that of its request. A query to an engine that is not known yet goes out as a discovery;
the report that answers it names the engine. Boots and time are only taken from messages that bear a right code.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette_agent.snmp.ber import decode_arcs
from vedette_agent.snmp.engine_clock import EngineClock
from vedette_agent.snmp.message import GET, REPORT, Answer, Query, decode_answer, encode_query
from vedette_agent.snmp.message_v3 import (
    DECRYPTION,
    NOT_IN_TIME,
    REPORTABLE,
    SECURITY_LEVEL,
    STATS,
    UNKNOWN_ENGINE,
    UNKNOWN_USER,
    WRONG_DIGEST,
    Message,
    Security,
    decrypted,
    encode_scoped,
    is_proven,
    put_together,
    read_scoped,
    seal,
    take_apart,
)
from vedette_agent.snmp.session import Answered, AskAgain, Event, Refused
from vedette_agent.snmp.usm import AUTH, PRIV, Keys, User

_REFUSALS = {
    SECURITY_LEVEL: "does not know this level of security for the user",
    UNKNOWN_USER: "does not know the user",
    WRONG_DIGEST: "finds the authentication wrong: check auth_protocol and auth_password",
    DECRYPTION: "cannot decrypt: check priv_protocol and priv_password",
}


@dataclass(slots=True)
class _Engine:
    """What is known of the agent's engine."""

    id: bytes
    keys: Keys
    clock: EngineClock = field(default_factory=EngineClock)


class UserSession:
    """Version 3 as ``user``.

    Args:
        user: Whom the agent knows.
        monotonic: Tells seconds, for the time of the engine.
    """

    has_bulk = True

    def __init__(self, user: User, monotonic: Callable[[], float]) -> None:
        self._user = user
        self._monotonic = monotonic
        self._engine: _Engine | None = None
        self._salt = secrets.randbits(64)

    def encode(self, query: Query, request_id: int) -> bytes:
        if self._engine is None:
            probe = encode_scoped(b"", b"", encode_query(Query(GET, ()), request_id))
            return put_together(request_id, REPORTABLE, Security(), probe)
        engine, user = self._engine, self._user
        salt = b""
        if user.priv_protocol:
            self._salt = (self._salt + 1) % 2**64
            salt = struct.pack(">Q", self._salt)
        now = engine.clock.now(self._monotonic())
        security = Security(engine.id, engine.clock.boots, now, user.name.encode(), b"", salt)
        scoped = encode_scoped(engine.id, user.context.encode(), encode_query(query, request_id))
        return seal(request_id, user.flags | REPORTABLE, security, scoped, user, engine.keys)

    def receive(self, data: bytes) -> Event | None:
        message = take_apart(data)
        engine, user, told = self._engine, self._user, message.security
        proven = engine is not None and told.engine_id == engine.id and is_proven(message, data, user, engine.keys)
        answer = self._answer(message, data, proven=proven)
        if answer is None:
            return None
        if answer.kind == REPORT:
            return self._report(message, answer, proven=proven)
        if engine is None or told.engine_id != engine.id or told.user != user.name.encode():
            return None
        if message.flags & (AUTH | PRIV) != user.flags or proven != bool(user.auth_protocol):
            return None
        if proven and not engine.clock.is_timely(told, self._monotonic()):
            return None
        return Answered(answer.request_id, answer)

    def _answer(self, message: Message, data: bytes, *, proven: bool) -> Answer | None:
        if not message.flags & PRIV:
            _, at, end = read_scoped(data, *message.scoped)
            return decode_answer(data, at, end)
        plain = decrypted(message, data, self._engine.keys) if proven and self._engine is not None else None
        if plain is None:
            return None
        _, at, end = read_scoped(plain, 0, len(plain))
        return decode_answer(plain, at, end)

    def _report(self, message: Message, answer: Answer, *, proven: bool) -> Event | None:
        """Take what the engine says of a message that it could not use."""
        arcs = decode_arcs(answer.bindings[0].oid) if answer.bindings else ()
        reason = arcs[len(STATS)] if arcs[: len(STATS)] == STATS and len(arcs) > len(STATS) else 0
        told = message.security
        if reason == UNKNOWN_ENGINE and told.engine_id:
            self._engine = _Engine(told.engine_id, self._user.keys_at(told.engine_id))
            return AskAgain(message.id)
        if reason == NOT_IN_TIME and proven and self._engine is not None:
            self._engine.clock.set(told, self._monotonic())
            return AskAgain(message.id)
        if reason in _REFUSALS:
            return Refused(message.id, f"{_REFUSALS[reason]} (user {self._user.name})")
        return None
