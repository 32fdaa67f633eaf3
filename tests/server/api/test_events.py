"""Events over HTTP: chosen, in pages, and followed as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.server.api.app import Rig
from vedette_server.state import NewEvent, StateStore, open_state
from vedette_shared.events import Severity
from vedette_tui.events import Event, EventFeed, EventPage

EVENTS = [
    NewEvent("h1", "1", 1_000, "h1", "ipmi", Severity.CRITICAL, "PS2: input lost", {"sensor": "PS2"}),
    NewEvent("h1", "2", 3_000, "switch1", "snmp", Severity.WARNING, "link down", {}),
    NewEvent("h2", "1", 2_000, "h2", "ipmi", Severity.INFO, "log cleared", {}),
    NewEvent("h2", "2", 3_000, "h2", "node", Severity.WARNING, "rebooted", {}),
]


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[StateStore]:
    async with open_state(tmp_path / "state.sqlite") as store:
        await store.add_events(EVENTS, 5_000)
        yield store


@pytest.fixture
async def client(state: StateStore) -> AsyncIterator[httpx.AsyncClient]:
    async with Rig(find_events=state.fleet_events, last_event=state.last_event).client() as client:
        yield client


async def ask(client: httpx.AsyncClient, **parameters: str) -> dict[str, Any]:
    answer = await client.get("/api/fleet/v1/events", params=parameters)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def ids(client: httpx.AsyncClient, **parameters: str) -> list[int]:
    return [event["id"] for event in (await ask(client, **parameters))["events"]]


async def test_an_event_is_told_whole(client: httpx.AsyncClient) -> None:
    data = await ask(client, host="h1")
    assert data["events"] == [
        {
            "id": 1,
            "time": 1_000,
            "host": "h1",
            "source": "ipmi",
            "severity": "critical",
            "text": "PS2: input lost",
            "labels": {"sensor": "PS2"},
            "agent": "h1",
            "received": 5_000,
        }
    ]
    assert (data["next"], data["last"]) == (None, 4)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [4, 2, 3, 1]),
        ({"host": "h2"}, [4, 3]),
        ({"host": "elsewhere"}, []),
        ({"source": "ipmi"}, [3, 1]),
        ({"severity": "warning"}, [4, 2, 1]),
        ({"severity": "critical"}, [1]),
        ({"since": "2"}, [4, 2, 3]),
        ({"until": "3"}, [3, 1]),
        ({"since": "1970-01-01T00:00:02Z", "until": "2.001"}, [3]),
        ({"arrived_after": "2"}, [4, 3]),
        ({"arrived_after": "99"}, []),
        ({"limit": "2"}, [4, 2]),
        ({"source": "ipmi", "severity": "warning", "host": "h1", "since": "1"}, [1]),
    ],
)
async def test_choice(client: httpx.AsyncClient, parameters: dict[str, str], expected: list[int]) -> None:
    assert await ids(client, **parameters) == expected


async def test_pages(client: httpx.AsyncClient) -> None:
    """Events of one moment fall in neither two pages nor none."""
    pages, after = [], ""
    while after is not None:
        data = await ask(client, limit="1", after=after)
        pages.append([event["id"] for event in data["events"]])
        after = data["next"]
    assert pages == [[4], [2], [3], [1], []]


async def test_following(client: httpx.AsyncClient, state: StateStore) -> None:
    """What arrives late is not missed, however long ago it happened."""
    last = (await ask(client))["last"]
    await state.add_events([NewEvent("h3", "1", 500, "h3", "ipmi", Severity.INFO, "late", {})], 6_000)
    data = await ask(client, arrived_after=str(last))
    assert [event["text"] for event in data["events"]] == ["late"]
    assert await ids(client, arrived_after=str(data["last"])) == []


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"severity": "bad"}, "invalid parameter \"severity\": 'bad' is none of info, warning, critical"),
        ({"limit": "0"}, 'invalid parameter "limit": it must be from 1 to 1000'),
        ({"limit": "1001"}, 'invalid parameter "limit": it must be from 1 to 1000'),
        ({"since": "soon"}, 'invalid parameter "since": cannot parse "soon" to a valid timestamp'),
        ({"since": "2", "until": "1"}, 'invalid parameter "until": it must not be before since'),
        ({"after": "1"}, "invalid parameter \"after\": '1' is not what an answer had as next"),
        ({"arrived_after": "-1"}, 'invalid parameter "arrived_after": arrived_after must be a non-negative number'),
    ],
)
async def test_bad_parameters(client: httpx.AsyncClient, parameters: dict[str, str], problem: str) -> None:
    answer = await client.get("/api/fleet/v1/events", params=parameters)
    assert (answer.status_code, answer.json()) == (400, {"status": "error", "errorType": "bad_data", "error": problem})


async def test_the_terminals_feed(state: StateStore, client: httpx.AsyncClient) -> None:
    """``vedette top`` keeps a window on the newest: its questions are taken and its answers understood, late events
    too."""
    feed = EventFeed(severity="warning")
    feed = feed.answered(msgspec.convert(await ask(client, **feed.question()), EventPage))
    assert [event.id for event in feed.events] == [4, 2, 1]
    late = NewEvent("h3", "1", 2_500, "h3", "disks", Severity.CRITICAL, "sda failed", {})
    await state.add_events([late], 6_000)
    feed = feed.answered(msgspec.convert(await ask(client, **feed.question()), EventPage))
    assert [event.id for event in feed.events] == [4, 2, 5, 1]
    assert feed.events[2] == Event(5, 2_500, "h3", "disks", "critical", "sda failed", {}, "h3", 6_000)
