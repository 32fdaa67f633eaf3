"""Messages of version 3 with the User-based Security Model, as bytes (RFC 3412, section 6; RFC 3414, section 2.4)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from vedette_agent.snmp.ber import (
    SEQUENCE,
    encode_integer,
    encode_octets,
    encode_sequence,
    expect,
    read_integer,
    read_octets,
)
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.message import VERSION_3
from vedette_agent.snmp.usm import AUTH, AUTH_SIZES, Keys, User, authentication_code, decrypt, encrypt

MAX_MESSAGE = 65_507
WINDOW_S = 150
"""How old a message may be."""

REPORTABLE = 4
"""The flag of messages that want a report where they cannot be used."""

STATS = (43, 6, 1, 6, 3, 15, 1, 1)
"""usmStats: below it stand the reasons of reports."""

SECURITY_LEVEL, NOT_IN_TIME, UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST, DECRYPTION = range(1, 7)

MAX_BOOTS = 2**31 - 1

_USM = 3
_SALT = 8


@dataclass(frozen=True, slots=True)
class Security:
    """What a message says of its engine, the one that keeps the time, and of its user."""

    engine_id: bytes = b""
    boots: int = 0
    time: int = 0
    user: bytes = b""
    code: bytes = b""
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """A message in parts. ``code_at`` is where its code stands; ``scoped`` where the scoped PDU begins and ends."""

    id: int
    flags: int
    security: Security
    code_at: int
    scoped: tuple[int, int]


def take_apart(data: bytes) -> Message:
    """Return the parts of a message. Nothing of it is proven yet.

    Raises:
        MalformedError: it is none.
    """
    at, end = expect(data, 0, len(data), SEQUENCE)
    version, at = read_integer(data, at, end)
    if version != VERSION_3:
        raise MalformedError("the message is of another version of SNMP")
    start, head_end = expect(data, at, end, SEQUENCE)
    identifier, start = read_integer(data, start, head_end)
    _, start = read_integer(data, start, head_end)
    flags, start = read_octets(data, start, head_end)
    model, _ = read_integer(data, start, head_end)
    if model != _USM or len(flags) != 1:
        raise MalformedError("the message is of another security model")
    parameters, scoped_at = read_octets(data, head_end, end)
    at, stop = expect(data, scoped_at - len(parameters), scoped_at, SEQUENCE)
    engine_id, at = read_octets(data, at, stop)
    boots, at = read_integer(data, at, stop)
    time, at = read_integer(data, at, stop)
    user, at = read_octets(data, at, stop)
    code, after_code = read_octets(data, at, stop)
    salt, _ = read_octets(data, after_code, stop)
    if not 0 <= boots <= MAX_BOOTS or not 0 <= time < 2**31:
        raise MalformedError("the message states a time that no engine has")
    security = Security(engine_id, boots, time, user, code, salt)
    return Message(identifier, flags[0], security, after_code - len(code), (scoped_at, end))


def put_together(message_id: int, flags: int, security: Security, scoped: bytes, code: bytes = b"") -> bytes:
    """Return a message around ``scoped``, with ``code`` in place of that of ``security``."""
    parameters = encode_sequence(
        encode_octets(security.engine_id),
        encode_integer(security.boots),
        encode_integer(security.time),
        encode_octets(security.user),
        encode_octets(code),
        encode_octets(security.salt),
    )
    head = encode_sequence(
        encode_integer(message_id), encode_integer(MAX_MESSAGE), encode_octets(bytes((flags,))), encode_integer(_USM)
    )
    return encode_sequence(encode_integer(VERSION_3), head, encode_octets(parameters), scoped)


def seal(message_id: int, flags: int, security: Security, scoped: bytes, user: User, keys: Keys) -> bytes:
    """Return a message as ``user`` sends it: with privacy and a code, where ``flags`` have them.

    Args:
        message_id: Of the message.
        flags: Of the message.
        security: Its salt is used for privacy, and must not have been used with the same time before.
        scoped: The scoped PDU in plain.
        user: Tells the protocols.
        keys: Those of the user at the engine.
    """
    if security.salt:
        scoped = encode_octets(encrypt(keys.priv, security.boots, security.time, security.salt, scoped))
    if not flags & AUTH:
        return put_together(message_id, flags, security, scoped)
    size = AUTH_SIZES[user.auth_protocol]
    whole = put_together(message_id, flags, security, scoped, bytes(size))
    code_at = len(whole) - len(scoped) - len(encode_octets(security.salt)) - size
    code = authentication_code(user.auth_protocol, keys.auth, whole)
    return whole[:code_at] + code + whole[code_at + size :]


def is_proven(message: Message, data: bytes, user: User, keys: Keys) -> bool:
    """Whether the message ``data`` bears the right code of the user."""
    protocol, code = user.auth_protocol, message.security.code
    if not protocol or not message.flags & AUTH or len(code) != AUTH_SIZES[protocol]:
        return False
    blank = data[: message.code_at] + bytes(len(code)) + data[message.code_at + len(code) :]
    return hmac.compare_digest(authentication_code(protocol, keys.auth, blank), code)


def decrypted(message: Message, data: bytes, keys: Keys) -> bytes | None:
    """Return the scoped PDU of a message with privacy; ``None`` where it has no salt or there is no key.

    Raises:
        MalformedError: there is none.
    """
    security = message.security
    if not keys.priv or len(security.salt) != _SALT:
        return None
    hidden, _ = read_octets(data, *message.scoped)
    return decrypt(keys.priv, security.boots, security.time, security.salt, hidden)


def encode_scoped(engine_id: bytes, context: bytes, pdu: bytes) -> bytes:
    """Return a scoped PDU in plain."""
    return encode_sequence(encode_octets(engine_id), encode_octets(context), pdu)


def read_scoped(data: bytes, at: int, end: int) -> tuple[tuple[bytes, bytes], int, int]:
    """Return the context of the scoped PDU at ``at``, engine and name, and where its PDU begins and ends at the latest.

    Raises:
        MalformedError: there is none.
    """
    at, end = expect(data, at, end, SEQUENCE)
    engine_id, at = read_octets(data, at, end)
    name, at = read_octets(data, at, end)
    return (engine_id, name), at, end
