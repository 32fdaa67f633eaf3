"""Secrets and certificates out of files, and how a request shows them."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

from vedette_shared.errors import ConfigError


def read_secret(file: Path) -> str:
    """Return the first line of ``file``.

    Raises:
        ConfigError: it cannot be read, or is empty.
    """
    try:
        secret = file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
    if not secret:
        raise ConfigError(f"{file}: the first line is empty; it should hold the secret")
    return secret


def basic(user: str, password: str) -> str:
    """Return the header Authorization of basic authentication (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode('ascii')}"


def bearer(file: Path) -> str:
    """Return the header Authorization of the token in ``file`` (RFC 6750).

    Raises:
        ConfigError: it cannot be read, is empty, or is no token.
    """
    token = read_secret(file)
    if not token.isascii():
        raise ConfigError(f"{file}: the first line is no token, which has letters of ASCII alone")
    return f"Bearer {token}"


def trusting(ca_file: Path | None) -> ssl.SSLContext | None:
    """Return what trusts the authorities in ``ca_file``; ``None``, which stands for the machine's own, without one.

    Raises:
        ConfigError: it cannot be read.
    """
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{ca_file}: no certificates can be read from it: {error}") from error


def trusting_anybody() -> ssl.SSLContext:
    """Return what lets any certificate pass."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
