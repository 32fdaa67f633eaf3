"""Decides who is told of an alert. No I/O: alerts in, notifications out.

A method is told of a problem whose state it asks for, and of the end of every problem that it was told of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vedette_server.notify.alert import Alert, encode_alert
from vedette_server.notify.config import NotifyConfig
from vedette_server.state.rows import QueuedRow, ToldRow

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Routed:
    """What becomes of some alerts; both parts are to be made durable with the states that led to them."""

    notifications: tuple[QueuedRow, ...]
    told: tuple[ToldRow, ...]


class Router:
    """Knows what every method was last told of each problem."""

    def __init__(self, methods: Sequence[NotifyConfig], told: Iterable[ToldRow] = ()) -> None:
        self._methods = tuple(methods)
        names = {method.name for method in methods}
        self._told = {(row.method, row.subject): row.state for row in told if row.method in names}

    def route(self, alerts: Iterable[Alert]) -> Routed:
        """Return the notifications that ``alerts`` lead to."""
        notifications: list[QueuedRow] = []
        told: list[ToldRow] = []
        for alert in alerts:
            subject = alert.subject
            for method in self._methods:
                key = (method.name, subject)
                if not self._concerns(method, alert, key):
                    continue
                if not alert.is_resolved or alert.state in method.states:
                    payload = encode_alert(alert)
                    notifications.append(QueuedRow(_identity(key, alert), method.name, subject, alert.time, payload))
                told.append(ToldRow(method.name, subject, alert.state))
                if alert.is_resolved:
                    del self._told[key]
                else:
                    self._told[key] = alert.state
        return Routed(tuple(notifications), tuple(told))

    def _concerns(self, method: NotifyConfig, alert: Alert, key: tuple[str, str]) -> bool:
        return key in self._told if alert.is_resolved else alert.state in method.states


def _identity(key: tuple[str, str], alert: Alert) -> str:
    """A name for one notification that is the same whenever it is made again."""
    text = "\0".join((*key, alert.state, str(alert.time)))
    return hashlib.blake2b(text.encode(), digest_size=_ID_BYTES).hexdigest()
