"""Mail by SMTP: smtplib in a worker thread."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import blake2b

import trio

from vedette_server.notify.alert import Alert
from vedette_server.notify.config import MailConfig, SmtpConfig
from vedette_server.notify.errors import DeliveryError, RefusedError, SinkDownError
from vedette_server.notify.text import body, subject_line
from vedette_shared.logs import get_logger

_log = get_logger(__name__)
_MOST_CONNECTIONS = 4
_PERMANENT = 500


class Mail:
    """Sends each alert as a mail of plain text."""

    def __init__(self, config: MailConfig, link: str) -> None:
        self._config = config
        self._link = link
        self._limiter = trio.CapacityLimiter(_MOST_CONNECTIONS)

    async def send(self, identity: str, alert: Alert) -> None:
        """Deliver a notification to the mail server; see ``Method``."""
        message = compose(self._config, identity, alert, self._link)
        await trio.to_thread.run_sync(self._transmit, message, limiter=self._limiter, abandon_on_cancel=True)

    def _transmit(self, message: EmailMessage) -> None:
        server = f"{self._config.smtp.host}:{self._config.smtp.effective_port}"
        try:
            connection = self._connect()
            try:
                refused = connection.send_message(message, self._config.sender, self._config.to)
            finally:
                _leave(connection)
        except smtplib.SMTPRecipientsRefused as error:
            raise _failure(server, *next(iter(error.recipients.values()))) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _failure(server, error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            raise SinkDownError(f"{server} answers {error.smtp_code} {_text(error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise SinkDownError(f"{server}: {_reason(error)}") from error
        for address, (code, text) in refused.items():
            _log.error(
                "the mail server refused a recipient", address=address, server=server, code=code, text=_text(text)
            )

    def _connect(self) -> smtplib.SMTP:
        config, timeout = self._config.smtp, self._config.timeout.seconds
        password = _password(config)
        arguments = (config.host, config.effective_port)
        if config.tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(*arguments, timeout=timeout, context=self._context())
        else:
            connection = smtplib.SMTP(*arguments, timeout=timeout)
        try:
            if config.starttls:
                connection.starttls(context=self._context())
            if config.user:
                connection.login(config.user, password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._config.smtp.ca_file)


def compose(config: MailConfig, identity: str, alert: Alert, link: str) -> EmailMessage:
    """Return the mail for an alert. Mails about one subject share a thread; a repeated one has the same Message-ID."""
    domain = config.sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"] = config.sender
    message["To"] = ", ".join(config.to)
    message["Subject"] = subject_line(alert)
    message["Date"] = format_datetime(datetime.fromtimestamp(alert.time / 1000, UTC))
    message["Message-ID"] = f"<{identity}@{domain}>"
    message["References"] = f"<{blake2b(alert.subject.encode(), digest_size=16).hexdigest()}.thread@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Vedette-Notification"] = identity
    message.set_content(body(alert, identity, link))
    return message


def _password(config: SmtpConfig) -> str:
    if config.password_file is None:
        return ""
    try:
        lines = config.password_file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SinkDownError(f"{config.password_file} cannot be read: {error.strerror}") from error
    return lines[0] if lines else ""


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; whatever the answer is, a mail that was accepted stays accepted."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        connection.quit()
    connection.close()


def _failure(server: str, code: int, text: bytes | str) -> DeliveryError:
    kind = RefusedError if code >= _PERMANENT else SinkDownError
    return kind(f"{server} answers {code} {_text(text)}")


def _text(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError | socket.timeout):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
