"""Fetches the page of one application, over a connection that is kept."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import trio

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.errors import PageError, RefusalError
from vedette_agent.apps.page import ACCEPT
from vedette_agent.apps.pool import PoolFetcher
from vedette_agent.credentials import basic, bearer, read_secret, trusting, trusting_anybody
from vedette_shared import __version__
from vedette_shared.errors import ConfigError
from vedette_shared.exposition import accept_header
from vedette_shared.http import Client, HttpClientError

_OK = 200
_readers = trio.CapacityLimiter(2)
_HINTS = {401: "it wants credentials", 403: "it forbids this", 404: "there is no such page"}


class PageFetcher(Protocol):
    """Fetches one page again and again."""

    async def fetch(self) -> tuple[bytes, str]:
        """Return the page and its content type; the caller bounds the time.

        Raises:
            CollectorError: it cannot be had.
        """
        ...

    async def aclose(self) -> None:
        """Close what is kept open."""
        ...


class Fetcher:
    """Asks for one page again and again.

    Args:
        url: Of the page.
        most_bytes: A page may have no more.
        headers: More than the usual ones.
        authorize: Reads the header Authorization out of its file, for each page.
        tls: For https; the machine's authorities without it.
        server_name: That the certificate must bear; the host's without it.
    """

    def __init__(
        self,
        url: str,
        most_bytes: int,
        headers: Mapping[str, str] | None = None,
        authorize: Callable[[], str] | None = None,
        tls: ssl.SSLContext | None = None,
        server_name: str = "",
    ) -> None:
        parts = urlsplit(url)
        self._path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        self._client = Client(
            f"{parts.scheme}://{parts.netloc}", tls, most_bytes, is_strict=True, server_name=server_name
        )
        self._headers = {"Accept": ACCEPT, "User-Agent": f"vedette/{__version__}", **(headers or {})}
        self._authorize = authorize

    async def fetch(self) -> tuple[bytes, str]:
        """Return the page and its content type; the caller bounds the time.

        Raises:
            PageError, RefusalError: as ``fetch_path`` has it.
        """
        return await self.fetch_path(self._path)

    async def fetch_path(self, path: str) -> tuple[bytes, str]:
        """Return another page of the same server, and its content type.

        Raises:
            RefusalError: it answers another status than 200.
            PageError: it does not answer, not as HTTP has it, or too much; or the credentials cannot be read.
        """
        headers = await self._authorized()
        try:
            response = await self._client.request("GET", path, headers)
        except HttpClientError as error:
            raise PageError(str(error)) from error
        if response.status != _OK:
            hint = _HINTS.get(response.status, "")
            raise RefusalError(f"{path} answers {response.status}{f': {hint}' if hint else ''}")
        return response.body, response.headers.get("content-type", "")

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _authorized(self) -> Mapping[str, str]:
        if self._authorize is None:
            return self._headers
        try:
            shown = await trio.to_thread.run_sync(self._authorize, limiter=_readers, abandon_on_cancel=True)
        except ConfigError as error:
            raise PageError(str(error)) from error
        return {**self._headers, "Authorization": shown}


def make_fetcher(target: TargetConfig, most_bytes: int) -> PageFetcher:
    """Return what fetches the page of a target.

    Raises:
        ConfigError: a file with a secret or a certificate cannot be read.
    """
    if target.kind == "php-fpm-status":
        return PoolFetcher(target.url, most_bytes)
    return make_http_fetcher(target, most_bytes)


def make_http_fetcher(target: TargetConfig, most_bytes: int) -> Fetcher:
    """Return what fetches the page of a target, and others of the same server.

    Raises:
        ConfigError: as ``make_fetcher`` has it.
    """
    headers = {"Accept": accept_header(target.scrape_protocols)}
    authorize = _authorization(target)
    if authorize is not None:
        authorize()
    tls = trusting_anybody() if target.tls_insecure else trusting(target.ca_file)
    return Fetcher(target.url, most_bytes, headers, authorize, tls, target.server_name)


def _authorization(target: TargetConfig) -> Callable[[], str] | None:
    if target.password_file is not None:
        return partial(_basic, target.user, target.password_file)
    if target.bearer_token_file is not None:
        return partial(bearer, target.bearer_token_file)
    return None


def _basic(user: str, password_file: Path) -> str:
    return basic(user, read_secret(password_file))
