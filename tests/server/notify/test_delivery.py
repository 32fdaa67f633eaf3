"""What is queued is sent until it is accepted, over restarts too, and each once where nothing breaks between."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing

from tests.server.notify.alerts import CRIT, OK
from tests.server.notify.http_sink import HttpSink, http_sink
from vedette_server.notify import Alert, DeliveryConfig, DeliveryTotals, Notifier, WebhookConfig, encode_alert
from vedette_server.notify.errors import RefusedError, SinkDownError
from vedette_server.state import Batch, Outcome, QueuedRow, StateStore, open_state
from vedette_shared.clock import ManualClock, SystemClock
from vedette_shared.config import Duration

CHAT = WebhookConfig("chat", "http://localhost/", timeout=Duration(1000))
NOW = CRIT.time


def row(identity: str, alert: Alert = CRIT, method: str = "chat", created: int = NOW) -> QueuedRow:
    return QueuedRow(identity, method, alert.subject, created, encode_alert(alert))


def about(host: str) -> Alert:
    return msgspec.structs.replace(CRIT, host=host, labels={"host": host})


class Scripted:
    """A method that does what its script says, and then accepts; ``sent`` keeps the ids in the order of the tries."""

    def __init__(self, *script: Exception | None) -> None:
        self.script = list(script)
        self.sent: list[str] = []

    async def send(self, identity: str, alert: Alert) -> None:
        self.sent.append(identity)
        await trio.lowlevel.checkpoint()
        if self.script and (step := self.script.pop(0)) is not None:
            raise step


class Instantly(random.Random):
    """Waits of a ten thousandth of the bound."""

    def uniform(self, a: float, b: float) -> float:
        return b / 10_000


@asynccontextmanager
async def notifying(
    store: StateStore, method: Scripted | None, *, config: WebhookConfig = CHAT, give_up_after: int = 86_400_000
) -> AsyncIterator[Notifier]:
    clock = SystemClock()
    fixed = ManualClock(NOW)
    fixed.monotonic = clock.monotonic  # type: ignore[method-assign] # wall time stands, waits pass
    notifier = Notifier(
        [config],
        DeliveryConfig(Duration(give_up_after)),
        store,
        fixed,
        source=Instantly(),
        methods=None if method is None else [method],
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.run)
        yield notifier
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(10):
        while not condition():
            await trio.sleep(0.002)


async def give(store: StateStore, notifier: Notifier, *rows: QueuedRow) -> None:
    await store.apply(Batch(notifications=rows))
    notifier.enqueue(rows)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StateStore]:
    async with open_state(tmp_path / "state.sqlite") as opened:
        yield opened


async def test_what_is_accepted_is_finished(store: StateStore) -> None:
    method = Scripted()
    async with notifying(store, method) as notifier:
        await give(store, notifier, row("1"), row("2", about("h2")))
        await until(lambda: notifier.totals() == DeliveryTotals(2, 0, 0, 0))
    assert sorted(method.sent) == ["1", "2"]
    assert await store.queue() == []
    assert await store.outcomes() == {Outcome.DELIVERED: 2}


async def test_what_is_not_accepted_is_tried_again_in_order(store: StateStore) -> None:
    """An end is never told before its problem."""
    method = Scripted(SinkDownError("away"), RefusedError("no"), RuntimeError("a fault"), None)
    async with notifying(store, method) as notifier:
        await give(store, notifier, row("problem"), row("end", OK))
        await until(lambda: notifier.totals() == DeliveryTotals(2, 3, 0, 0))
    assert method.sent == ["problem"] * 4 + ["end"]


async def test_one_that_is_refused_holds_up_no_other(store: StateStore) -> None:
    class Picky(Scripted):
        async def send(self, identity: str, alert: Alert) -> None:
            self.sent.append(identity)
            if identity == "bad" and "good" not in self.sent:
                raise RefusedError("no")

    method = Picky()
    async with notifying(store, method) as notifier:
        await give(store, notifier, row("bad"))
        await until(lambda: len(method.sent) == 2)
        await give(store, notifier, row("good", about("h2")))
        await until(lambda: notifier.totals().pending == 0)
    assert set(method.sent) == {"bad", "good"}
    assert notifier.totals().delivered == 2


async def test_what_was_not_accepted_is_tried_again_after_a_restart(store: StateStore) -> None:
    method = Scripted(*[SinkDownError("away")] * 1000)
    async with notifying(store, method) as notifier:
        await give(store, notifier, row("1"), row("2", OK))
        await until(lambda: len(method.sent) >= 3)
    assert [(queued.id, queued.attempts > 0) for queued in await store.queue()] == [("1", True), ("2", False)]
    again = Scripted()
    async with notifying(store, again) as notifier:
        await until(lambda: notifier.totals() == DeliveryTotals(2, 0, 0, 0))
    assert again.sent == ["1", "2"]
    third = Scripted()
    async with notifying(store, third):
        await trio.testing.wait_all_tasks_blocked(0.01)
    assert third.sent == []


async def test_a_receiver_that_takes_too_long_counts_as_away(store: StateStore) -> None:
    class Slow(Scripted):
        async def send(self, identity: str, alert: Alert) -> None:
            self.sent.append(identity)
            if len(self.sent) == 1:
                await trio.sleep_forever()

    slow = Slow()
    async with notifying(store, slow, config=WebhookConfig("chat", "http://localhost/", timeout=Duration(50 + 950))):
        await store.apply(Batch(notifications=(row("1"),)))
    async with notifying(store, slow) as notifier:
        await until(lambda: notifier.totals() == DeliveryTotals(1, 1, 0, 0))
    assert slow.sent == ["1", "1"]


async def test_what_is_too_old_is_dropped_once_it_fails(store: StateStore) -> None:
    class Picky(Scripted):
        async def send(self, identity: str, alert: Alert) -> None:
            self.sent.append(identity)
            if identity.startswith("bad"):
                raise SinkDownError("away")

    method, hour = Picky(), 3_600_000
    rows = [row("bad", created=NOW - 2 * hour), row("good", about("h2"), created=NOW - 2 * hour), row("next", OK)]
    async with notifying(store, method, give_up_after=hour) as notifier:
        await store.apply(Batch(notifications=tuple(rows)))
        for one in rows:
            notifier.enqueue([one])
            await until(lambda: notifier.totals().pending == 0)
    assert method.sent == ["bad", "good", "next"]
    assert notifier.totals() == DeliveryTotals(2, 1, 1, 0)
    assert await store.outcomes() == {Outcome.DELIVERED: 2, Outcome.DROPPED: 1}


async def test_notifications_of_a_method_that_is_gone_are_dropped(store: StateStore) -> None:
    await store.apply(Batch(notifications=(row("1", method="gone"),)))
    async with notifying(store, Scripted()) as notifier:
        assert notifier.totals() == DeliveryTotals(0, 0, 1, 0)
    assert await store.outcomes() == {Outcome.DROPPED: 1}


async def test_a_queued_alert_that_cannot_be_read_harms_no_other(store: StateStore) -> None:
    method = Scripted()
    async with notifying(store, method) as notifier:
        broken = QueuedRow("broken", "chat", "s", NOW, b"\xc1")
        await give(store, notifier, broken, row("1"))
        await until(lambda: notifier.totals().delivered == 1)
    assert method.sent == ["1"]


SINKS: list[tuple[str, Callable[[HttpSink], None]]] = [
    ("unwell", lambda sink: setattr(sink, "status", 503)),
    ("refusing", lambda sink: setattr(sink, "status", 400)),
]


@pytest.mark.parametrize("spoil", [spoil for _, spoil in SINKS], ids=[name for name, _ in SINKS])
async def test_a_real_receiver_that_recovers(store: StateStore, spoil: Callable[[HttpSink], None]) -> None:
    with http_sink() as sink:
        spoil(sink)
        config = WebhookConfig("chat", sink.url)
        async with notifying(store, None, config=config) as notifier:
            await give(store, notifier, row("1"))
            await until(lambda: sink.asked >= 3)
            sink.status = 204
            await until(lambda: notifier.totals().delivered == 1)
    assert [headers["x-vedette-notification"] for _, headers, _ in sink.taken] == ["1"]


async def test_a_real_receiver_that_was_away(store: StateStore) -> None:
    with http_sink() as first:
        port = first.port
    config = WebhookConfig("chat", f"http://127.0.0.1:{port}/")
    async with notifying(store, None, config=config) as notifier:
        await give(store, notifier, row("1"))
        await until(lambda: notifier.totals().failed >= 2)
        with http_sink(port) as sink:
            await until(lambda: notifier.totals().delivered == 1)
    assert [body["id"] for _, _, body in sink.taken] == ["1"]
