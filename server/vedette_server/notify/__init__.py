"""Notification: what an alert is, who is told of it, and the delivery until it is accepted."""

from vedette_server.notify.alert import Alert, Levels, decode_alert, encode_alert
from vedette_server.notify.config import (
    DeliveryConfig,
    MailConfig,
    NotifyConfig,
    SmtpConfig,
    WebhookConfig,
    require_sound,
)
from vedette_server.notify.delivery import DeliveryTotals, Notifier
from vedette_server.notify.metrics import delivery_families
from vedette_server.notify.routing import Routed, Router

__all__ = [
    "Alert",
    "DeliveryConfig",
    "DeliveryTotals",
    "Levels",
    "MailConfig",
    "Notifier",
    "NotifyConfig",
    "Routed",
    "Router",
    "SmtpConfig",
    "WebhookConfig",
    "decode_alert",
    "delivery_families",
    "encode_alert",
    "require_sound",
]
