"""Every configuration key and every shipped check stands in the documentation."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from vedette_server.checks import Check, HostsConfig, Override, load_checks
from vedette_server.notify import DeliveryConfig, MailConfig, SmtpConfig, WebhookConfig
from vedette_server.promql import parse
from vedette_server.state import StateConfig

PAGE = (Path(__file__).parents[3] / "server" / "CHECKS.md").read_text()

STRUCTS = (Check, Override, HostsConfig, MailConfig, SmtpConfig, WebhookConfig, DeliveryConfig, StateConfig)


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_keys(kind: type[msgspec.Struct]) -> None:
    keys = [field.encode_name for field in msgspec.structs.fields(kind)]
    assert [key for key in keys if f"\n| `{key}` |" not in PAGE] == []


def test_shipped_checks() -> None:
    checks = load_checks([], parse).checks
    assert [check.name for check in checks if f"\n| `{check.name}` | `{check.service}` |" not in PAGE] == []
    assert HostsConfig().seen in PAGE
