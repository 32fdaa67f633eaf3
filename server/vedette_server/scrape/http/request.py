"""Where a page is, and the bytes that ask for it."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from vedette_server.scrape.config import ScrapeConfig, TlsConfig
from vedette_shared import __version__
from vedette_shared.errors import ConfigError
from vedette_shared.exposition import accept_header

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A page's address and how to ask for it.

    Attributes:
        url: Of the page.
        request: The whole request.
        body_limit: The most bytes of a page, unpacked; 0 for no limit.
        redirects: How many times to go where the target points to.
        tls: For https.
        server_name: The name that the target's certificate must bear.
    """

    url: str
    request: bytes = field(repr=False)
    body_limit: int
    redirects: int
    tls: ssl.SSLContext | None
    server_name: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]


def make_endpoint(config: ScrapeConfig, address: str, tls: ssl.SSLContext | None) -> Endpoint:
    """Return the endpoint of one target of a job.

    Raises:
        ConfigError: the address cannot be part of a URL, or the password's file cannot be read.
    """
    url = f"{config.scheme}://{address}{config.path}"
    try:
        parts = urlsplit(url)
        is_valid = bool(parts.hostname) and parts.netloc == address and "@" not in address and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ConfigError(f'scrape job {config.job}: {address!r} is not a target; write it like "10.0.0.7:9100"')
    if config.params:
        query = urlencode(config.params, doseq=True)
        url = urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, query]))))
    request = _request(url, compression=config.compression, timeout_s=config.effective_timeout.seconds, config=config)
    server_name = (config.tls.server_name if config.tls else "") or parts.hostname or ""
    return Endpoint(url, request, config.body_size_limit, 10 if config.follow_redirects else 0, tls, server_name)


def redirected(endpoint: Endpoint, url: str) -> Endpoint:
    """Return the endpoint that a target points to; the credentials stay with the host they are for."""
    old, new = urlsplit(endpoint.url), urlsplit(url)
    lines = endpoint.request.decode("latin-1").split("\r\n")
    lines[0] = f"GET {_target_of(url)} HTTP/1.1"
    lines[1] = f"Host: {new.netloc}"
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        lines = [line for line in lines if not line.startswith("Authorization:")]
    tls = endpoint.tls or (ssl.create_default_context() if new.scheme == "https" else None)
    server_name = endpoint.server_name if new.hostname == old.hostname else new.hostname or ""
    request = "\r\n".join(lines).encode("latin-1")
    return Endpoint(url, request, endpoint.body_limit, endpoint.redirects - 1, tls, server_name)


def make_tls(config: ScrapeConfig) -> ssl.SSLContext | None:
    """Return the TLS settings of a job, ``None`` for http.

    Raises:
        ConfigError: a certificate or a key cannot be used.
    """
    if config.scheme != "https":
        return None
    tls = config.tls or TlsConfig()
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file is not None:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file is not None)
        raise ConfigError(f"scrape job {config.job}: tls: cannot use {files}: {error}") from error
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _request(url: str, *, compression: bool, timeout_s: float, config: ScrapeConfig) -> bytes:
    lines = [
        f"GET {_target_of(url)} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"User-Agent: vedette/{__version__}",
        f"Accept: {accept_header(config.scrape_protocols)}",
        f"X-Prometheus-Scrape-Timeout-Seconds: {timeout_s:g}",
    ]
    if compression:
        lines.append("Accept-Encoding: gzip")
    if config.basic_auth is not None:
        auth = config.basic_auth
        password = auth.password
        if auth.password_file is not None:
            try:
                password = auth.password_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"scrape job {config.job}: password_file {auth.password_file} cannot be read: {error}"
                ) from error
        credentials = base64.b64encode(f"{auth.username}:{password}".encode()).decode()
        lines.append(f"Authorization: Basic {credentials}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _target_of(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
