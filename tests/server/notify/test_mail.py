"""Mail through a real SMTP server in a thread."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.server.notify.alerts import CRIT
from vedette_server.notify import MailConfig, SmtpConfig
from vedette_server.notify.errors import DeliveryError, RefusedError, SinkDownError
from vedette_server.notify.methods.mail import Mail
from vedette_server.notify.text import body

LOOPBACK = "127.0.0.1"


class Sink:
    """Takes mail, or answers something else."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.logins: list[bytes] = []
        self.answer = "250 taken"
        self.refused: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802
        self, server: object, session: object, envelope: Any, address: str, options: object
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos)
        return self.answer

    def authenticate(self, server: object, session: object, envelope: object, kind: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        return AuthResult(success=data.password == b"secret", handled=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(sink: Sink, **options: Any) -> Iterator[int]:
    port = free_port()
    controller = Controller(sink, hostname=LOOPBACK, port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def config(port: int, **smtp: Any) -> MailConfig:
    return MailConfig(
        "on-call", "vedette@example.org", ("a@example.org", "b@example.org"), SmtpConfig(LOOPBACK, port, **smtp)
    )


async def test_a_mail_arrives_with_what_belongs_into_it() -> None:
    sink = Sink()
    with serving(sink) as port:
        await Mail(config(port), "").send("n1", CRIT)
    (mail,) = sink.mails
    assert {name: mail[name] for name in mail if name.lower() not in ("content-type", "mime-version")} == {
        "From": "vedette@example.org",
        "To": "a@example.org, b@example.org",
        "Subject": "[CRIT] h1 / Filesystem /: 91.2 % used (warn/crit at 80 %/90 %)",
        "Date": "Tue, 14 Nov 2023 22:13:20 +0000",
        "Message-ID": "<n1@example.org>",
        "References": mail["References"],
        "Auto-Submitted": "auto-generated",
        "X-Vedette-Notification": "n1",
        "Content-Transfer-Encoding": "7bit",
    }
    assert mail.get_content().replace("\r\n", "\n") == body(CRIT, "n1", "")
    assert sink.recipients == [["a@example.org", "b@example.org"]]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ("550 no such policy", RefusedError, "answers 550 no such policy"),
        ("451 try later", SinkDownError, "answers 451 try later"),
    ],
)
async def test_a_mail_that_is_not_taken(answer: str, error: type[DeliveryError], message: str) -> None:
    sink = Sink()
    sink.answer = answer
    with serving(sink) as port, pytest.raises(error) as caught:
        await Mail(config(port), "").send("n1", CRIT)
    assert str(caught.value) == f"{LOOPBACK}:{port} {message}"


async def test_recipients_that_are_refused() -> None:
    """One that is refused keeps no other from the mail; when all are, the mail is refused."""
    sink = Sink()
    sink.refused = {"a@example.org": "550 unknown"}
    with serving(sink) as port:
        await Mail(config(port), "").send("n1", CRIT)
        assert sink.recipients == [["b@example.org"]]
        sink.refused["b@example.org"] = "550 unknown"
        with pytest.raises(RefusedError, match="answers 550 unknown"):
            await Mail(config(port), "").send("n1", CRIT)
        sink.refused = dict.fromkeys(("a@example.org", "b@example.org"), "450 greylisted")
        with pytest.raises(SinkDownError, match="answers 450 greylisted"):
            await Mail(config(port), "").send("n1", CRIT)


async def test_a_server_that_is_away() -> None:
    port = free_port()
    with pytest.raises(SinkDownError) as caught:
        await Mail(config(port), "").send("n1", CRIT)
    assert str(caught.value) == f"{LOOPBACK}:{port}: Connection refused"


async def test_a_server_that_never_answers_is_left_to_its_thread() -> None:
    with socket.create_server((LOOPBACK, 0)) as silent, trio.move_on_after(0.2) as scope:
        await Mail(config(silent.getsockname()[1]), "").send("n1", CRIT)
    assert scope.cancelled_caught


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for the loopback address, and what a server that shows it needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sink")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(built.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return folder / "ca.pem", context


@pytest.mark.parametrize(
    ("kind", "server"),
    [("starttls", lambda context: {"tls_context": context}), ("tls", lambda context: {"ssl_context": context})],
)
async def test_tls_and_a_login(
    tmp_path: Path, kind: str, server: Callable[[ssl.SSLContext], dict[str, object]]
) -> None:
    sink = Sink()
    ca_file, context = certificate(tmp_path)
    password = tmp_path / "password"
    password.write_text("secret\n")
    options: dict[str, Any] = {"authenticator": sink.authenticate, "auth_require_tls": kind == "starttls"}
    with serving(sink, **options, **server(context)) as port:
        settings = {kind: True, "user": "u", "password_file": password}
        await Mail(config(port, ca_file=ca_file, **settings), "").send("n1", CRIT)
        assert (len(sink.mails), sink.logins) == (1, [b"secret"])
        with pytest.raises(SinkDownError, match="CERTIFICATE_VERIFY_FAILED"):
            await Mail(config(port, **settings), "").send("n2", CRIT)
        password.write_text("wrong\n")
        with pytest.raises(SinkDownError, match="answers 535"):
            await Mail(config(port, ca_file=ca_file, **settings), "").send("n2", CRIT)
        password.unlink()
        with pytest.raises(SinkDownError, match=r"password cannot be read: No such file or directory"):
            await Mail(config(port, ca_file=ca_file, **settings), "").send("n2", CRIT)
    assert len(sink.mails) == 1


async def test_a_server_without_tls_gets_nothing() -> None:
    sink = Sink()
    with serving(sink) as port, pytest.raises(SinkDownError, match="STARTTLS extension not supported"):
        await Mail(config(port, starttls=True), "").send("n1", CRIT)
    assert sink.mails == []
