"""The User-based Security Model: keys, authentication, privacy.

RFC 3414 (MD5, SHA-1, localized keys), RFC 7860 (SHA-2), RFC 3826 (AES-128 in CFB mode). AES-192 and AES-256 were never
standardized: ``aes192`` and ``aes256`` extend the key as draft-blumenthal-aes-usm-04 does, ``aes192c`` and ``aes256c``
as draft-reeder-snmpv3-usm-3desede-00, which Cisco took up.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import struct
from dataclasses import dataclass, field

_MEGABYTE = 1_048_576
_BLOCK = 16

AUTH_SIZES = {"md5": 12, "sha": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}
"""Bytes of the code that a message bears, by protocol."""

PRIV_SIZES = {"aes": 16, "aes192": 24, "aes256": 32, "aes192c": 24, "aes256c": 32}
"""Bytes of the key, by protocol."""

PASSWORD_MIN = 8

AUTH, PRIV = 1, 2
"""Flags of a message: with a code, and with privacy too."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a user at one engine. Empty ones for what the user does without."""

    auth: bytes
    priv: bytes


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
        """The level of security, as messages state it."""
        return (AUTH if self.auth_protocol else 0) | (PRIV if self.priv_protocol else 0)

    def keys_at(self, engine_id: bytes) -> Keys:
        """Return the user's keys at an engine."""
        if not self.auth_protocol:
            return Keys(b"", b"")
        auth = localized_key(self.auth_protocol, self.auth_password, engine_id)
        if not self.priv_protocol:
            return Keys(auth, b"")
        return Keys(auth, privacy_key(self.auth_protocol, self.priv_protocol, self.priv_password, engine_id))


def _digest(protocol: str) -> str:
    return "sha1" if protocol == "sha" else protocol


@functools.lru_cache(maxsize=64)
def _stretch(protocol: str, secret: bytes) -> bytes:
    """Hash a megabyte of ``secret`` over and over: RFC 3414, A.2."""
    whole, rest = divmod(_MEGABYTE, len(secret))
    return hashlib.new(_digest(protocol), secret * whole + secret[:rest]).digest()


def localized_key(protocol: str, secret: bytes, engine_id: bytes) -> bytes:
    """Return the key that ``secret``, a password or another key, makes at an engine."""
    key = _stretch(protocol, secret)
    return hashlib.new(_digest(protocol), key + engine_id + key).digest()


def privacy_key(auth_protocol: str, protocol: str, password: bytes, engine_id: bytes) -> bytes:
    """Return the key of privacy; the hash is that of the authentication."""
    size = PRIV_SIZES[protocol]
    key = localized_key(auth_protocol, password, engine_id)
    while len(key) < size:
        if protocol.endswith("c"):
            key += localized_key(auth_protocol, key, engine_id)
        else:
            key += hashlib.new(_digest(auth_protocol), key).digest()
    return key[:size]


def authentication_code(protocol: str, key: bytes, message: bytes) -> bytes:
    """Return the code over a message whose own code is all zeros."""
    return hmac.digest(key, message, _digest(protocol))[: AUTH_SIZES[protocol]]


def encrypt(key: bytes, boots: int, time: int, salt: bytes, data: bytes) -> bytes:
    """Return ``data`` in AES-CFB-128."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # CFB is made of single blocks here, as the library has moved its own CFB from one place to another.
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    feedback = struct.pack(">II", boots, time) + salt
    out = bytearray()
    for at in range(0, len(data), _BLOCK):
        feedback = _xor(block.update(feedback), data[at : at + _BLOCK])
        out += feedback
    return bytes(out)


def decrypt(key: bytes, boots: int, time: int, salt: bytes, data: bytes) -> bytes:
    """The inverse of ``encrypt``."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    feedback = struct.pack(">II", boots, time) + salt + data
    return _xor(block.update(feedback[: -(-len(data) // _BLOCK) * _BLOCK]), data)


def _xor(stream: bytes, data: bytes) -> bytes:
    """Return ``data`` with the beginning of ``stream`` laid over it."""
    size = len(data)
    return (int.from_bytes(stream[:size], "big") ^ int.from_bytes(data, "big")).to_bytes(size, "big")
