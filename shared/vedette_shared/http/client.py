"""A small HTTP/1.1 client on trio: one origin, one connection that is kept, one request at a time."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import trio

from vedette_shared.http.response_reader import ClientResponse, HttpClientError, ResponseReader

RECEIVE_BYTES = 64 * 2**10
MOST_BODY = 2**20

_DEFAULT_PORTS = {"http": 80, "https": 443}
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, OSError, ssl.SSLError)


class Client:
    """Talks to one server. Proxies of the environment are not heeded.

    Args:
        url: Scheme, host and port; a path before that of each request.
        tls: What to trust and how to identify oneself; the machine's authorities without it.
        most_body: Bytes of an answer's body that are kept.
        is_strict: Whether an answer with a larger body is an error, at once, and not only cut off.
        fingerprint: SHA-256 of the certificate that the server must show; none for any that ``tls`` lets pass.
        server_name: That the certificate must bear, where it is not the URL's host.
    """

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext | None = None,
        most_body: int = MOST_BODY,
        *,
        is_strict: bool = False,
        fingerprint: bytes = b"",
        server_name: str = "",
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not the URL of a server")
        self._host = parts.hostname
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._authority = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._most_body = most_body
        self._is_strict = is_strict
        self._fingerprint = fingerprint
        self._server_name = server_name or self._host
        self._stream: trio.abc.Stream | None = None

    async def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> ClientResponse:
        """Send a request and return the whole answer; the caller bounds the time.

        A request that finds the kept connection closed goes once more over a new one, so it must do no harm twice.

        Raises:
            HttpClientError: the server cannot be reached, or breaks off.
        """
        message = self._encode(method, path, headers or {}, body)
        try:
            if self._stream is not None:
                response = await self._exchange(self._stream, message, is_kept=True)
                if response is not None:
                    return response
                await self.aclose()
            self._stream = await self._connect()
            response = await self._exchange(self._stream, message, is_kept=False)
            assert response is not None
            return response
        except BaseException:
            # The answer of a request that was left in its middle must not be taken for that of the next one.
            await self._drop()
            raise

    async def aclose(self) -> None:
        """Close the connection."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await trio.aclose_forcefully(stream)

    async def _drop(self) -> None:
        with trio.CancelScope(shield=True):
            await self.aclose()

    def _encode(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", f"Host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    async def _connect(self) -> trio.abc.Stream:
        try:
            plain = await trio.open_tcp_stream(self._host, self._port)
        except OSError as error:
            raise HttpClientError(f"{self._host}:{self._port}: {reason_of(error)}") from error
        if self._tls is None:
            return plain
        stream = trio.SSLStream(plain, self._tls, server_hostname=self._server_name, https_compatible=True)
        try:
            await stream.do_handshake()
            self._check_certificate(stream)
        except _GONE as error:
            await trio.aclose_forcefully(plain)
            raise HttpClientError(f"{self._host}:{self._port}: no TLS: {reason_of(error)}") from error
        except BaseException:
            await trio.aclose_forcefully(plain)
            raise
        return stream

    def _check_certificate(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        if self._fingerprint:
            shown = hashlib.sha256(stream.getpeercert(binary_form=True) or b"").hexdigest()
            if shown != self._fingerprint.hex():
                raise HttpClientError(f"{self._host}:{self._port}: its certificate is another one: sha256 {shown}")

    async def _exchange(self, stream: trio.abc.Stream, message: bytes, *, is_kept: bool) -> ClientResponse | None:
        """Return the answer, or ``None`` where a kept connection turns out to have been closed."""
        reader = ResponseReader(self._most_body, is_strict=self._is_strict)
        try:
            sent = await _send(stream, message)
            response = None
            while response is None:
                data = await stream.receive_some(RECEIVE_BYTES)
                if not data and is_kept and not reader.has_begun:
                    return None
                response = reader.feed(bytes(data))
        except _GONE as error:
            if is_kept and not reader.has_begun:
                return None
            raise HttpClientError(f"the connection broke: {reason_of(error)}") from error
        if not response.keep_alive or not sent:
            await self.aclose()
        return response


async def _send(stream: trio.abc.Stream, message: bytes) -> bool:
    """Send; a server may refuse with an answer before it has read everything, so a break here is no error yet."""
    try:
        await stream.send_all(message)
    except trio.BrokenResourceError:
        return False
    return True


def reason_of(error: BaseException) -> str:
    """The words of the innermost cause."""
    inner = error
    while (deeper := next(iter(getattr(inner, "exceptions", ())), inner.__cause__)) is not None:
        inner = deeper
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    return text or type(inner).__name__
