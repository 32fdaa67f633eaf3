"""Notification's own metrics."""

from __future__ import annotations

from collections.abc import Iterator

from vedette_server.notify.delivery import DeliveryTotals
from vedette_shared.metrics import MetricFamily, counter, gauge

_PREFIX = "vedette_notifications"


def delivery_families(totals: DeliveryTotals) -> Iterator[MetricFamily]:
    """Yield what became of the notifications since the methods in force were set up."""
    yield counter(f"{_PREFIX}_delivered_total", "Notifications that were accepted.", totals.delivered)
    yield counter(f"{_PREFIX}_failed_attempts_total", "Attempts in vain; they are repeated.", totals.failed)
    yield counter(f"{_PREFIX}_dropped_total", "Notifications that were given up.", totals.dropped)
    yield gauge(f"{_PREFIX}_pending", "Notifications that are still to be accepted.", totals.pending)
