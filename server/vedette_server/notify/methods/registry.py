"""All methods of notification."""

from __future__ import annotations

from vedette_server.notify.config import MailConfig, NotifyConfig
from vedette_server.notify.methods.interface import Method
from vedette_server.notify.methods.mail import Mail
from vedette_server.notify.methods.webhook import Webhook


def build_method(config: NotifyConfig, link: str) -> Method:
    """Return the method that an entry of the configuration describes; ``link`` as in ``[delivery]``."""
    return Mail(config, link) if isinstance(config, MailConfig) else Webhook(config, link)
