"""A wrong entry is refused with one line that names the file, the key and the fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from vedette_server.notify import DeliveryConfig, MailConfig, NotifyConfig, SmtpConfig, WebhookConfig, require_sound
from vedette_shared.config import Duration, merge_config
from vedette_shared.errors import ConfigError


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the server's configuration holds it."""

    notify: tuple[NotifyConfig, ...] = ()
    delivery: DeliveryConfig = DeliveryConfig()


MAIL: dict[str, Any] = {"method": "mail", "name": "m", "from": "v@example.org", "to": ["a@example.org"]}
HOOK: dict[str, Any] = {"method": "webhook", "name": "w", "url": "https://example.org/"}


def load(*entries: dict[str, Any], **more: Any) -> Server:
    return merge_config(Server, [("notify.toml", {"notify": list(entries), **more})])


def test_entries() -> None:
    assert load(
        {**MAIL, "states": ["CRIT", "OK"], "smtp": {"host": "mx", "starttls": True}},
        {**HOOK, "headers": {"Authorization": "Bearer x"}, "timeout": "5s"},
        delivery={"give_up_after": "2d", "link": "https://mon.example.org"},
    ) == Server(
        (
            MailConfig("m", "v@example.org", ("a@example.org",), SmtpConfig("mx", starttls=True), ("CRIT", "OK")),
            WebhookConfig("w", "https://example.org/", {"Authorization": "Bearer x"}, timeout=Duration(5_000)),
        ),
        DeliveryConfig(Duration(2 * 86_400_000), "https://mon.example.org"),
    )


@pytest.mark.parametrize(
    ("smtp", "port"),
    [
        (SmtpConfig(), 25),
        (SmtpConfig(starttls=True), 587),
        (SmtpConfig(tls=True), 465),
        (SmtpConfig(port=2525, tls=True), 2525),
    ],
)
def test_ports(smtp: SmtpConfig, port: int) -> None:
    assert smtp.effective_port == port


REFUSED = [
    ({**MAIL, "method": "pigeon"}, "notify[0].method: invalid value 'pigeon'"),
    ({**MAIL, "too": []}, "notify[0].too: unknown key; did you mean to?"),
    ({"method": "mail", "name": "m", "from": "v@example.org"}, "notify[0].to: this key is required"),
    ({**MAIL, "to": []}, "notify[0]: to must name an address at least"),
    ({**MAIL, "to": ["ops"]}, "notify[0]: to: 'ops' is not a mail address; write it like ops@example.org"),
    (
        {**MAIL, "from": "a@b.c\nBcc: x@y.z"},
        "notify[0]: from: 'a@b.c\\nBcc: x@y.z' is not a mail address; write it like ops@example.org",
    ),
    ({**MAIL, "states": ["BAD"]}, "notify[0].states[0]: invalid enum value 'BAD'"),
    ({**MAIL, "name": ""}, "notify[0]: name must be a word, like on_call"),
    ({**MAIL, "smtp": {"port": 99999}}, "notify[0].smtp: port must be from 1 to 65535"),
    (
        {**MAIL, "smtp": {"tls": True, "starttls": True}},
        "notify[0].smtp: tls and starttls exclude each other; tls is TLS from the start",
    ),
    ({**MAIL, "smtp": {"user": "u"}}, "notify[0].smtp: user and password_file go together"),
    (
        {**MAIL, "smtp": {"host": "mx.example.org", "user": "u", "password_file": "/p"}},
        "notify[0].smtp: a password is not sent in the clear: set starttls or tls",
    ),
    (
        {**HOOK, "url": "example.org"},
        "notify[0]: url: 'example.org' is not an address; write it like https://hooks.example.org/vedette",
    ),
    ({**HOOK, "headers": {"A": "b\r\nC: d"}}, "notify[0]: headers: 'A' has signs that HTTP does not allow"),
    ({**HOOK, "timeout": "10ms"}, "notify[0]: timeout must be at least 1s"),
]


@pytest.mark.parametrize(("entry", "message"), REFUSED)
def test_refuses(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(entry)
    assert str(caught.value) == f"notify.toml: {message}"


def test_names_are_distinct() -> None:
    with pytest.raises(ConfigError, match=r"^notify \(m\): name: two entries have this name$"):
        require_sound(load(MAIL, {**HOOK, "name": "m"}).notify)


def test_files_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    entry = {**MAIL, "smtp": {"user": "u", "password_file": str(file)}}
    with pytest.raises(ConfigError) as caught:
        require_sound(load(entry).notify)
    assert str(caught.value) == f"notify (m): smtp.password_file: {file} cannot be read: No such file or directory"
    file.write_text("secret\n")
    require_sound(load(entry).notify)
