"""Version 3 with the User-based Security Model (RFC 3412, RFC 3414).

The identifier of a message is that of its request. A query to an engine that is not known yet goes out as a discovery;
the report that answers it names the engine. Boots and time are only taken from messages that bear a right code.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette_agent.snmp.ber import (
    SEQUENCE,
    decode_arcs,
    encode_integer,
    encode_octets,
    encode_sequence,
    expect,
    read_integer,
    read_octets,
)
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.message import GET, REPORT, VERSION_3, Answer, Query, decode_answer, encode_query
from vedette_agent.snmp.session import Answered, AskAgain, Event, Refused
from vedette_agent.snmp.usm import (
    AUTH_SIZES,
    Keys,
    authentication_code,
    decrypt,
    encrypt,
    localized_key,
    privacy_key,
)

MAX_MESSAGE = 65_507
WINDOW_S = 150

_AUTH, _PRIV, _REPORTABLE = 1, 2, 4
_USM = 3
_STATS = (43, 6, 1, 6, 3, 15, 1, 1)
_NOT_IN_TIME, _UNKNOWN_ENGINE = 2, 4
_REFUSALS = {
    1: "does not know this level of security for the user",
    3: "does not know the user",
    5: "finds the authentication wrong: check auth_protocol and auth_password",
    6: "cannot decrypt: check priv_protocol and priv_password",
}


@dataclass(frozen=True, slots=True)
class User:
    """Whom the agent knows. Empty protocols for what the user does without; privacy needs authentication."""

    name: str
    auth_protocol: str = ""
    auth_password: bytes = field(default=b"", repr=False)
    priv_protocol: str = ""
    priv_password: bytes = field(default=b"", repr=False)
    context: str = ""

    @property
    def flags(self) -> int:
        return (_AUTH if self.auth_protocol else 0) | (_PRIV if self.priv_protocol else 0)


@dataclass(slots=True)
class _Engine:
    """What is known of the agent's engine. ``read_at`` is when ``time`` was."""

    id: bytes
    keys: Keys
    boots: int = 0
    time: int = 0
    read_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Message:
    """A message in parts. ``code_at`` is where its authentication code stands."""

    id: int
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    code: bytes
    code_at: int
    salt: bytes
    scoped: tuple[int, int]


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
            return _assemble(
                request_id, _REPORTABLE, (b"", 0, 0, b"", b"", b""), _scoped(b"", b"", Query(GET, ()), request_id)
            )[0]
        engine, user = self._engine, self._user
        now = engine.time + int(self._monotonic() - engine.read_at) if engine.boots else 0
        scoped = _scoped(engine.id, user.context.encode(), query, request_id)
        salt = b""
        if user.priv_protocol:
            self._salt = (self._salt + 1) % 2**64
            salt = struct.pack(">Q", self._salt)
            scoped = encode_octets(encrypt(engine.keys.priv, engine.boots, now, salt, scoped))
        blank = bytes(AUTH_SIZES.get(user.auth_protocol, 0))
        security = (engine.id, engine.boots, now, user.name.encode(), blank, salt)
        whole, code_at = _assemble(request_id, user.flags | _REPORTABLE, security, scoped)
        if not blank:
            return whole
        code = authentication_code(user.auth_protocol, engine.keys.auth, whole)
        return whole[:code_at] + code + whole[code_at + len(code) :]

    def receive(self, data: bytes) -> Event | None:
        message = _take_apart(data)
        is_proven = self._is_proven(message, data)
        if message.flags & _PRIV:
            answer = self._decrypted(message, data) if is_proven else None
        else:
            answer = _answer(data, *message.scoped)
        if answer is None:
            return None
        if answer.kind == REPORT:
            return self._report(message, answer, is_proven=is_proven)
        engine = self._engine
        if engine is None or message.engine_id != engine.id or message.user != self._user.name.encode():
            return None
        if message.flags & (_AUTH | _PRIV) != self._user.flags or is_proven != bool(self._user.auth_protocol):
            return None
        if is_proven and not self._is_timely(engine, message):
            return None
        return Answered(answer.request_id, answer)

    def _is_proven(self, message: _Message, data: bytes) -> bool:
        """Whether the message bears the right code of the engine and the user."""
        engine, protocol = self._engine, self._user.auth_protocol
        if engine is None or not protocol or not message.flags & _AUTH or message.engine_id != engine.id:
            return False
        size = AUTH_SIZES[protocol]
        if len(message.code) != size:
            return False
        blank = data[: message.code_at] + bytes(size) + data[message.code_at + size :]
        return hmac.compare_digest(authentication_code(protocol, engine.keys.auth, blank), message.code)

    def _decrypted(self, message: _Message, data: bytes) -> Answer | None:
        if self._engine is None or not self._user.priv_protocol or len(message.salt) != 8:
            return None
        hidden, _ = read_octets(data, *message.scoped)
        plain = decrypt(self._engine.keys.priv, message.boots, message.time, message.salt, hidden)
        return _answer(plain, 0, len(plain))

    def _is_timely(self, engine: _Engine, message: _Message) -> bool:
        """Whether a message is of now, and not played back; sets the engine's time forward by it."""
        now = engine.time + self._monotonic() - engine.read_at
        if message.boots < engine.boots or (message.boots == engine.boots and message.time < now - WINDOW_S):
            return False
        if message.boots > engine.boots or message.time > engine.time:
            self._synchronize(engine, message)
        return True

    def _synchronize(self, engine: _Engine, message: _Message) -> None:
        engine.boots, engine.time, engine.read_at = message.boots, message.time, self._monotonic()

    def _report(self, message: _Message, answer: Answer, *, is_proven: bool) -> Event | None:
        """Take what the engine says of a message that it could not use."""
        arcs = decode_arcs(answer.bindings[0].oid) if answer.bindings else ()
        reason = arcs[len(_STATS)] if arcs[: len(_STATS)] == _STATS and len(arcs) > len(_STATS) else 0
        if reason == _UNKNOWN_ENGINE and message.engine_id:
            self._engine = _Engine(message.engine_id, self._keys(message.engine_id))
            return AskAgain(message.id)
        if reason == _NOT_IN_TIME and is_proven and self._engine is not None:
            self._synchronize(self._engine, message)
            return AskAgain(message.id)
        if reason in _REFUSALS:
            return Refused(message.id, f"{_REFUSALS[reason]} (user {self._user.name})")
        return None

    def _keys(self, engine_id: bytes) -> Keys:
        user = self._user
        if not user.auth_protocol:
            return Keys(b"", b"")
        auth = localized_key(user.auth_protocol, user.auth_password, engine_id)
        if not user.priv_protocol:
            return Keys(auth, b"")
        return Keys(auth, privacy_key(user.auth_protocol, user.priv_protocol, user.priv_password, engine_id))


def _scoped(engine_id: bytes, context: bytes, query: Query, request_id: int) -> bytes:
    return encode_sequence(encode_octets(engine_id), encode_octets(context), encode_query(query, request_id))


def _assemble(
    request_id: int, flags: int, security: tuple[bytes, int, int, bytes, bytes, bytes], scoped: bytes
) -> tuple[bytes, int]:
    """Return a message, and where its authentication code stands."""
    engine_id, boots, time, user, code, salt = security
    tail = encode_octets(salt)
    parameters = encode_sequence(
        encode_octets(engine_id),
        encode_integer(boots),
        encode_integer(time),
        encode_octets(user),
        encode_octets(code),
        tail,
    )
    head = encode_sequence(
        encode_integer(request_id), encode_integer(MAX_MESSAGE), encode_octets(bytes((flags,))), encode_integer(_USM)
    )
    whole = encode_sequence(encode_integer(VERSION_3), head, encode_octets(parameters), scoped)
    return whole, len(whole) - len(scoped) - len(tail) - len(code)


def _take_apart(data: bytes) -> _Message:
    at, end = expect(data, 0, len(data), SEQUENCE)
    version, at = read_integer(data, at, end)
    if version != VERSION_3:
        raise MalformedError("the answer is of another version of SNMP")
    start, head_end = expect(data, at, end, SEQUENCE)
    identifier, start = read_integer(data, start, head_end)
    _, start = read_integer(data, start, head_end)
    flags, start = read_octets(data, start, head_end)
    model, _ = read_integer(data, start, head_end)
    if model != _USM or len(flags) != 1:
        raise MalformedError("the answer is of another security model")
    parameters, scoped_at = read_octets(data, head_end, end)
    at, stop = expect(data, scoped_at - len(parameters), scoped_at, SEQUENCE)
    engine_id, at = read_octets(data, at, stop)
    boots, at = read_integer(data, at, stop)
    time, at = read_integer(data, at, stop)
    user, at = read_octets(data, at, stop)
    code, after_code = read_octets(data, at, stop)
    salt, _ = read_octets(data, after_code, stop)
    if not 0 <= boots < 2**31 or not 0 <= time < 2**31:
        raise MalformedError("the answer states a time that no engine has")
    code_at = after_code - len(code)
    return _Message(identifier, flags[0], engine_id, boots, time, user, code, code_at, salt, (scoped_at, end))


def _answer(data: bytes, at: int, end: int) -> Answer:
    """The PDU in a scoped PDU."""
    at, end = expect(data, at, end, SEQUENCE)
    _, at = read_octets(data, at, end)
    _, at = read_octets(data, at, end)
    return decode_answer(data, at, end)
