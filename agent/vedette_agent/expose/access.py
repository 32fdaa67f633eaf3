"""Who may read the pages, and under which certificate."""

from __future__ import annotations

import base64
import binascii
import hmac
import ssl

from vedette_agent.config_parts import ExposeConfig
from vedette_agent.credentials import read_secret
from vedette_shared.errors import ConfigError
from vedette_shared.http import Handler, Request, Response

REALM = 'Basic realm="vedette agent", charset="UTF-8"'


def make_tls(config: ExposeConfig) -> ssl.SSLContext | None:
    """Return the TLS context that the configuration asks for, if any.

    Raises:
        ConfigError: the certificate or its key cannot be used.
    """
    if config.cert_file is None or config.key_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.cert_file, config.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{config.cert_file}: cannot be used with the key {config.key_file}: {error}") from error
    return context


def guard(config: ExposeConfig, handler: Handler) -> Handler:
    """Return ``handler`` behind basic authentication, if the configuration asks for it.

    Raises:
        ConfigError: the password cannot be read.
    """
    if config.basic_auth is None:
        return handler
    expected = f"{config.basic_auth.user}:{read_secret(config.basic_auth.password_file)}".encode()

    async def guarded(request: Request) -> Response:
        if request.path != "/healthz" and not hmac.compare_digest(_credentials(request), expected):
            headers = (("WWW-Authenticate", REALM),)
            return Response(401, b"name and password, please\n", headers=headers)
        return await handler(request)

    return guarded


def _credentials(request: Request) -> bytes:
    scheme, _, encoded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
