"""Fetches the status page of a pool of PHP-FPM, over FastCGI and a connection for each request."""

from __future__ import annotations

from urllib.parse import urlsplit

import trio

from vedette_agent.apps.errors import PageError
from vedette_agent.apps.status.fastcgi import Reader, Response, encode_request
from vedette_agent.apps.status.phpfpm import status_params
from vedette_shared.http.client import reason_of

_OK = 200
_MAY_NOT = "pm.status_listen of the pool lets others ask for its status, listen.acl_users for all of it"
_REQUEST = 1
_RECEIVE_BYTES = 64 * 2**10


class PoolFetcher:
    """Asks one pool.

    Args:
        url: ``unix:/run/php/php-fpm.sock`` or ``tcp://127.0.0.1:9000``; the path of the page, if it is not ``/status``,
            follows in the fragment: ``unix:/run/php/php-fpm.sock#/fpm-status``.
        most_bytes: A page may have no more.
    """

    def __init__(self, url: str, most_bytes: int) -> None:
        self._url = urlsplit(url)
        self._most_bytes = most_bytes

    async def fetch(self) -> tuple[bytes, str]:
        """Return the page; the caller bounds the time.

        Raises:
            PageError, FastCgiError: there is no answer, or none that is a page.
        """
        path = self._url.fragment or "/status"
        try:
            stream = await self._connect()
        except PermissionError as error:
            raise PageError(f"{self._url.path}: {error.strerror}; {_MAY_NOT}") from error
        except OSError as error:
            raise PageError(f"{self._url.geturl()}: {reason_of(error)}") from error
        async with stream:
            try:
                response = await self._exchange(stream, encode_request(status_params(path), _REQUEST))
            except (trio.BrokenResourceError, OSError) as error:
                raise PageError(f"{self._url.geturl()}: the connection broke: {error}") from error
        if response.status != _OK:
            raise PageError(f"{path} answers {response.status}; pm.status_path of the pool should be {path}")
        return response.body, ""

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def _connect(self) -> trio.abc.Stream:
        if self._url.scheme == "unix":
            return await trio.open_unix_socket(self._url.path)
        return await trio.open_tcp_stream(self._url.hostname or "127.0.0.1", self._url.port or 9000)

    async def _exchange(self, stream: trio.abc.Stream, request: bytes) -> Response:
        reader = Reader(_REQUEST, self._most_bytes)
        await stream.send_all(request)
        while True:
            response = reader.feed(bytes(await stream.receive_some(_RECEIVE_BYTES)))
            if response is not None:
                return response
