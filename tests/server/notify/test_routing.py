"""A method is told of the problems that it asks for, and of the end of those that it was told of."""

from __future__ import annotations

import msgspec
import pytest

from tests.server.notify.alerts import CRIT, DOWN, OK
from vedette_server.notify import Alert, Router, WebhookConfig, decode_alert
from vedette_server.notify.config import ALL_STATES, StateName
from vedette_server.state import QueuedRow, ToldRow


def method(name: str, states: tuple[StateName, ...] = ALL_STATES) -> WebhookConfig:
    return WebhookConfig(name=name, url="http://localhost/", states=states)


def alert(state: str) -> Alert:
    return msgspec.structs.replace(OK if state == "OK" else CRIT, state=state)


STATES: list[tuple[tuple[StateName, ...], str, list[str]]] = [
    (ALL_STATES, "WARN CRIT WARN OK", ["WARN", "CRIT", "WARN", "OK"]),
    (("CRIT", "OK"), "WARN CRIT WARN OK", ["CRIT", "OK"]),
    (("CRIT", "OK"), "WARN OK", []),
    (("CRIT",), "CRIT OK CRIT", ["CRIT", "CRIT"]),
    (("WARN", "OK"), "WARN CRIT OK OK", ["WARN", "OK"]),
]


@pytest.mark.parametrize(("states", "course", "expected"), STATES)
def test_states(states: tuple[StateName, ...], course: str, expected: list[str]) -> None:
    router = Router([method("chat", states)])
    sent = [
        decode_alert(row.payload).state
        for state in course.split()
        for row in router.route([alert(state)]).notifications
    ]
    assert sent == expected


def test_every_method_is_told_and_what_it_was_told_is_kept() -> None:
    router = Router([method("chat"), method("mail", ("CRIT",))])
    routed = router.route([CRIT, DOWN])
    assert [(row.method, decode_alert(row.payload)) for row in routed.notifications] == [
        ("chat", CRIT),
        ("mail", CRIT),
        ("chat", DOWN),
    ]
    assert routed.told == (
        ToldRow("chat", CRIT.subject, "CRIT"),
        ToldRow("mail", CRIT.subject, "CRIT"),
        ToldRow("chat", DOWN.subject, "DOWN"),
    )


def test_after_a_restart_an_end_is_told_to_those_who_know_of_the_problem() -> None:
    told = [ToldRow("chat", CRIT.subject, "CRIT"), ToldRow("gone", CRIT.subject, "CRIT")]
    router = Router([method("chat"), method("mail")], told)
    assert [row.method for row in router.route([OK]).notifications] == ["chat"]


def test_a_notification_has_the_same_id_whenever_it_is_made() -> None:
    def once(alert: Alert) -> QueuedRow:
        return Router([method("chat")]).route([alert]).notifications[0]

    assert once(CRIT) == once(CRIT)
    assert once(CRIT).id != once(msgspec.structs.replace(CRIT, time=CRIT.time + 1)).id
    assert once(CRIT).id != once(msgspec.structs.replace(CRIT, labels={"host": "h2"})).id
