"""Fetches the page of one target, over a connection that stays open between scrapes."""

from __future__ import annotations

import os
import socket
import ssl
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import trio

from vedette_server.scrape.errors import ResponseError, ScrapeError
from vedette_server.scrape.http.request import Endpoint, redirected
from vedette_server.scrape.http.response import Response, ResponseReader
from vedette_server.scrape.http.transport import Transport, connect

_OK = 200
_REDIRECTS = {301, 302, 303, 307, 308}


class RawPage(NamedTuple):
    """A page as it came."""

    body: bytes
    content_type: str
    encoding: str


class PageClient:
    """Fetches one endpoint's page, again and again. Every call is bounded by its caller's deadline.

    Args:
        endpoint: What to fetch.
        keep: Whether to keep the connection open between calls.
    """

    def __init__(self, endpoint: Endpoint, *, keep: bool = True) -> None:
        self._endpoint = endpoint
        self._keep = keep
        self._transport: Transport | None = None

    async def fetch(self) -> RawPage:
        """Return the page.

        Raises:
            ScrapeError: the target cannot be reached, or its answer is no page.
        """
        response = await self._ask_kept() or await self._ask_anew(self._endpoint)
        endpoint = self._endpoint
        while response.status in _REDIRECTS and response.header("location") and endpoint.redirects > 0:
            self._drop()
            url = urljoin(endpoint.url, response.header("location"))
            if urlsplit(url).scheme not in ("http", "https"):
                raise ResponseError(f"the target points to {url[:200]!r}, which is no page of the web")
            endpoint = redirected(endpoint, url)
            response = await self._ask_anew(endpoint)
            self._drop()
        if not (response.keep_alive and self._keep):
            self._drop()
        if response.status != _OK:
            raise ResponseError(f"the target answered with status {response.status}")
        return RawPage(
            response.body, response.header("content-type"), response.header("content-encoding").strip().lower()
        )

    def close(self) -> None:
        """Drop the connection."""
        self._drop()

    async def _ask_kept(self) -> Response | None:
        """Ask on the open connection; ``None`` if there is none, or the target has closed it meanwhile."""
        if self._transport is None:
            return None
        reader = ResponseReader(self._endpoint.body_limit)
        try:
            return await self._exchange(self._transport, self._endpoint, reader)
        except (OSError, trio.BrokenResourceError, ResponseError) as error:
            self._drop()
            if reader.has_begun:
                raise _broken(error) from error
            return None
        except BaseException:
            self._drop()
            raise

    async def _ask_anew(self, endpoint: Endpoint) -> Response:
        try:
            self._transport = await connect(endpoint.host, endpoint.port, endpoint.tls, endpoint.server_name)
            return await self._exchange(self._transport, endpoint, ResponseReader(endpoint.body_limit))
        except (OSError, trio.BrokenResourceError, ssl.SSLError, ssl.CertificateError) as error:
            self._drop()
            raise _broken(error) from error
        except BaseException:
            self._drop()
            raise

    @staticmethod
    async def _exchange(transport: Transport, endpoint: Endpoint, reader: ResponseReader) -> Response:
        await transport.send(endpoint.request)
        while True:
            response = reader.feed(await transport.receive())
            if response is not None:
                return response

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _broken(error: BaseException) -> ScrapeError:
    """Say in one line why a connection failed."""
    if isinstance(error, ScrapeError):
        return error
    cause = error.__cause__ or error
    if isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    number = cause.errno if isinstance(cause, OSError) and not isinstance(cause, (ssl.SSLError, socket.gaierror)) else 0
    text = (os.strerror(number) if number else str(cause) or type(cause).__name__).lower()
    return ScrapeError(f"cannot fetch the page: {text}")
