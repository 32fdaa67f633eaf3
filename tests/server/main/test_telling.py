"""What checks find is made durable and told; people are told even where the database cannot be written."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
import trio

from tests.e2e.harness import WebhookSink
from vedette_server.checks import Findings
from vedette_server.main.config import ServerConfig
from vedette_server.main.telling import Telling
from vedette_server.notify.alert import Alert
from vedette_server.notify.config import WebhookConfig
from vedette_server.state import Batch, StateError, StateStore, open_state
from vedette_shared.clock import SystemClock


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as made:
        yield made


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[StateStore]:
    async with open_state(tmp_path / "state.sqlite") as made:
        yield made


def config(url: str, name: str = "chat") -> ServerConfig:
    return ServerConfig(notify=(WebhookConfig(name, url),))


def problem(service: str) -> Findings:
    alert = Alert(
        kind="service",
        host="h1",
        service=service,
        check="filesystem",
        labels={"host": "h1", "mountpoint": service},
        state="CRIT",
        previous_state="OK",
        time=1,
        since=1,
        starts=1,
        summary="full",
    )
    return Findings(alerts=(alert,))


async def told(sink: WebhookSink, count: int) -> list[str]:
    with trio.fail_after(10):
        while len(sink.calls) < count:
            await trio.sleep(0.01)
    return [call["service"] for call in sink.calls]


async def test_told_and_kept_on_record(sink: WebhookSink, state: StateStore, nursery: trio.Nursery) -> None:
    telling = Telling(config(sink.url), state, SystemClock())
    await nursery.start(telling.run)
    await telling.publish(problem("/a"))
    assert await told(sink, 1) == ["/a"]
    assert [(row.method, row.state) for row in await state.told()] == [("chat", "CRIT")]


async def test_another_configuration_takes_over(sink: WebhookSink, state: StateStore, nursery: trio.Nursery) -> None:
    telling = Telling(config("http://127.0.0.1:9/"), state, SystemClock())
    await nursery.start(telling.run)
    await telling.publish(problem("/a"))
    telling.replace(config(sink.url))
    assert await told(sink, 1) == ["/a"]


async def test_the_same_configuration_changes_nothing(
    sink: WebhookSink, state: StateStore, nursery: trio.Nursery
) -> None:
    telling = Telling(config(sink.url), state, SystemClock())
    await nursery.start(telling.run)
    await telling.publish(problem("/a"))
    await told(sink, 1)
    with trio.fail_after(10):
        while telling.totals().delivered < 1:
            await trio.sleep(0.01)
    telling.replace(config(sink.url))
    await trio.testing.wait_all_tasks_blocked()
    assert telling.totals().delivered == 1


class FullDisk:
    """A state store whose database takes nothing while ``full`` is set; a real disk is not filled for one test."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self.full = True

    async def apply(self, batch: Batch) -> None:
        if self.full:
            raise StateError("database or disk is full")
        await self._state.apply(batch)

    def __getattr__(self, name: str) -> object:
        return getattr(self._state, name)


async def test_told_although_the_database_is_full(sink: WebhookSink, state: StateStore, nursery: trio.Nursery) -> None:
    disk = FullDisk(state)
    telling = Telling(config(sink.url), disk, SystemClock())
    await nursery.start(telling.run)
    await telling.publish(problem("/a"))
    assert await told(sink, 1) == ["/a"]
    assert await state.told() == []
    disk.full = False
    await telling.publish(problem("/b"))
    assert await told(sink, 2) == ["/a", "/b"]
    assert sorted(msgspec.to_builtins(row)["subject"].split("=")[-1] for row in await state.told()) == ["/a", "/b"]
