"""Keys, codes and privacy: the examples of RFC 3414, appendix A.3, and pysnmp as a second opinion."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.type.univ import OctetString
from pysnmp.proto.secmod.rfc3414.auth import hmacsha
from pysnmp.proto.secmod.rfc3414.service import aes192, aes256
from pysnmp.proto.secmod.rfc3826.priv import aes
from pysnmp.proto.secmod.rfc7860.auth import hmacsha2

from vedette_agent.snmp.usm import authentication_code, decrypt, encrypt, localized_key, privacy_key

ENGINE = bytes.fromhex("000000000000000000000002")


@pytest.mark.parametrize(
    ("protocol", "key"),
    [
        ("md5", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_localized_keys_of_the_standard(protocol: str, key: str) -> None:
    assert localized_key(protocol, b"maplesyrup", ENGINE).hex() == key


@pytest.mark.parametrize(
    ("protocol", "other"),
    [
        ("sha", hmacsha.HmacSha()),
        ("sha224", hmacsha2.HmacSha2((1, 3, 6, 1, 6, 3, 10, 1, 1, 4))),
        ("sha256", hmacsha2.HmacSha2((1, 3, 6, 1, 6, 3, 10, 1, 1, 5))),
        ("sha384", hmacsha2.HmacSha2((1, 3, 6, 1, 6, 3, 10, 1, 1, 6))),
        ("sha512", hmacsha2.HmacSha2((1, 3, 6, 1, 6, 3, 10, 1, 1, 7))),
    ],
)
def test_keys_and_codes_of_pysnmp(protocol: str, other: object) -> None:
    key = localized_key(protocol, b"maplesyrup", ENGINE)
    stretched = other.hash_passphrase(b"maplesyrup")  # type: ignore[attr-defined]  # untyped library
    assert key == bytes(other.localize_key(stretched, OctetString(ENGINE)))  # type: ignore[attr-defined]  # untyped library
    code = authentication_code(protocol, key, b"a message")
    digest = hashlib.new("sha1" if protocol == "sha" else protocol)
    assert len(code) == {"sha": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}[protocol]
    assert len(code) <= digest.digest_size


@pytest.mark.parametrize(
    ("protocol", "other"),
    [
        ("aes", aes.Aes()),
        ("aes192", aes192.AesBlumenthal192()),
        ("aes256", aes256.AesBlumenthal256()),
        ("aes192c", aes192.Aes192()),
        ("aes256c", aes256.Aes256()),
    ],
)
@pytest.mark.parametrize(
    "auth", [("sha", (1, 3, 6, 1, 6, 3, 10, 1, 1, 3)), ("sha256", (1, 3, 6, 1, 6, 3, 10, 1, 1, 5))]
)
def test_keys_of_privacy_of_pysnmp(protocol: str, other: object, auth: tuple[str, tuple[int, ...]]) -> None:
    name, identifier = auth
    stretched = other.hash_passphrase(identifier, b"maplesyrup")  # type: ignore[attr-defined]  # untyped library
    expected = bytes(other.localize_key(identifier, stretched, OctetString(ENGINE)))  # type: ignore[attr-defined]  # untyped library
    assert privacy_key(name, protocol, b"maplesyrup", ENGINE) == expected


@given(st.binary(max_size=200), st.sampled_from([16, 24, 32]), st.binary(min_size=8, max_size=8))
def test_there_and_back(data: bytes, size: int, salt: bytes) -> None:
    key = bytes(range(size))
    hidden = encrypt(key, 3, 4, salt, data)
    assert len(hidden) == len(data)
    assert decrypt(key, 3, 4, salt, hidden) == data


def test_the_mode_is_cfb() -> None:
    """AES-128-CFB, NIST SP 800-38A, F.3.13."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    hidden = "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
    assert encrypt(key, 0x00010203, 0x04050607, bytes.fromhex("08090a0b0c0d0e0f"), plain).hex() == hidden
