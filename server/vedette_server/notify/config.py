"""The configuration of notification: ``[[notify]]`` and ``[delivery]``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import msgspec

from vedette_shared.config import Duration
from vedette_shared.errors import ConfigError

StateName: TypeAlias = Literal["OK", "WARN", "CRIT", "UNKNOWN", "UP", "DOWN", "UNREACH"]
ALL_STATES: tuple[StateName, ...] = get_args(StateName)

_LOOPBACK = ("localhost", "127.", "::1")
_PLAIN_PORT, _TLS_PORT, _STARTTLS_PORT = 25, 465, 587
_DAY_MS = 86_400_000


class SmtpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server.

    Attributes:
        host: Its name or address.
        port: Its port; by default 25, with ``starttls`` 587, with ``tls`` 465.
        starttls: Whether to begin in the clear and turn to TLS; where TLS is not offered, nothing is sent.
        tls: Whether to speak TLS from the start.
        ca_file: Certificates to trust in place of the system's.
        user: Whom to log in as; empty for no login.
        password_file: A file whose first line is the password; it is read for every mail.
    """

    host: str = "localhost"
    port: int = 0
    starttls: bool = False
    tls: bool = False
    ca_file: Path | None = None
    user: str = ""
    password_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("host must not be empty")
        if not 0 <= self.port < 2**16:
            raise ValueError("port must be from 1 to 65535")
        if self.tls and self.starttls:
            raise ValueError("tls and starttls exclude each other; tls is TLS from the start")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file go together")
        if self.user and not (self.tls or self.starttls or self.host.startswith(_LOOPBACK)):
            raise ValueError("a password is not sent in the clear: set starttls or tls")

    @property
    def effective_port(self) -> int:
        """The port, with the default for the kind of connection."""
        usual = _TLS_PORT if self.tls else _STARTTLS_PORT if self.starttls else _PLAIN_PORT
        return self.port or usual


class MailConfig(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="method",
    tag="mail",
    rename={"sender": "from"},
):
    """``method = "mail"``: mail by SMTP.

    Attributes:
        name: Names the entry in logs and in the queue.
        sender: ``from``: the sender's address.
        to: The addresses of those who are told.
        smtp: The mail server.
        states: The states that are told; an end (OK, UP) is told only of what was told before.
        timeout: How long one mail may take.
    """

    name: str
    sender: str
    to: tuple[str, ...]
    smtp: SmtpConfig = SmtpConfig()
    states: tuple[StateName, ...] = ALL_STATES
    timeout: Duration = Duration(30_000)

    def __post_init__(self) -> None:
        _require_name(self.name)
        for key, address in (("from", self.sender), *(("to", address) for address in self.to)):
            if not _is_address(address):
                raise ValueError(f"{key}: {address!r} is not a mail address; write it like ops@example.org")
        if not self.to:
            raise ValueError("to must name an address at least")
        _require_timeout(self.timeout)


class WebhookConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="method", tag="webhook"):
    """``method = "webhook"``: a POST of JSON to an address.

    Attributes:
        name: Names the entry in logs and in the queue.
        url: Where to.
        headers: More headers, such as ``Authorization``.
        ca_file: Certificates to trust in place of the system's.
        proxy: The URL of an HTTP proxy; the environment's is not looked at.
        states: The states that are told; an end (OK, UP) is told only of what was told before.
        timeout: How long one call may take.
    """

    name: str
    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    ca_file: Path | None = None
    proxy: str = ""
    states: tuple[StateName, ...] = ALL_STATES
    timeout: Duration = Duration(30_000)

    def __post_init__(self) -> None:
        _require_name(self.name)
        _require_url("url", self.url)
        if self.proxy:
            _require_url("proxy", self.proxy)
        for header, value in self.headers.items():
            if not header.isascii() or not value.isascii() or not (header + value).isprintable() or " " in header:
                raise ValueError(f"headers: {header!r} has signs that HTTP does not allow")
        _require_timeout(self.timeout)


NotifyConfig: TypeAlias = MailConfig | WebhookConfig
"""One entry of ``[[notify]]``."""


class DeliveryConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How notifications are delivered.

    Attributes:
        give_up_after: A notification is tried again until it is accepted, or this old; then it is dropped.
        link: The address under which people reach this server, for links in notifications; empty for no links.
    """

    give_up_after: Duration = Duration(_DAY_MS)
    link: str = ""

    def __post_init__(self) -> None:
        if self.give_up_after < 60_000:
            raise ValueError("give_up_after must be at least 1m")
        if self.link:
            _require_url("link", self.link)


def require_sound(methods: Sequence[NotifyConfig]) -> None:
    """Check what one entry alone cannot show: that names are distinct, and that the files that are named can be read.

    Raises:
        ConfigError: names the entry and the key.
    """
    names = [method.name for method in methods]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"notify ({name}): name: two entries have this name")
    for method in methods:
        if isinstance(method, MailConfig):
            _require_readable(method.smtp.password_file, method.name, "smtp.password_file")
            _require_readable(method.smtp.ca_file, method.name, "smtp.ca_file")
        else:
            _require_readable(method.ca_file, method.name, "ca_file")


def _require_readable(path: Path | None, name: str, key: str) -> None:
    if path is None:
        return
    try:
        path.read_bytes()
    except OSError as error:
        raise ConfigError(f"notify ({name}): {key}: {path} cannot be read: {error.strerror}") from error


def _require_name(name: str) -> None:
    if not name or not name.isprintable():
        raise ValueError("name must be a word, like on_call")


def _require_timeout(timeout: Duration) -> None:
    if timeout < 1000:
        raise ValueError("timeout must be at least 1s")


def _require_url(key: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{key}: {url!r} is not an address; write it like https://hooks.example.org/vedette")


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and text.isascii() and text.isprintable() and not set(text) & set(' <>,;"')
