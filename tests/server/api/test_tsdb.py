"""What the store holds, over HTTP."""

from typing import Any

import pytest

from tests.server.api.app import NOW_MS, Rig
from tests.server.promql.memory import MemoryQuerier
from vedette_server.api.tsdb import HEAD_MS
from vedette_server.storage import BlockStatistics
from vedette_shared.labels import make_labels


def stored() -> MemoryQuerier:
    querier = MemoryQuerier()
    for labels in (
        {"__name__": "up", "host": "a", "job": "x"},
        {"__name__": "up", "host": "bü", "job": "x"},
        {"__name__": "load", "host": "a"},
    ):
        querier.add(make_labels(labels), [(NOW_MS, 1.0)])
    querier.add(make_labels(__name__="old"), [(NOW_MS - HEAD_MS - 1, 1.0)])
    return querier


def top(*entries: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in entries]


ALL = {
    "headStats": {
        "numSeries": 3,
        "numLabelPairs": 5,
        "chunkCount": 0,
        "minTime": NOW_MS - HEAD_MS,
        "maxTime": NOW_MS,
    },
    "seriesCountByMetricName": top(("up", 2), ("load", 1)),
    "labelValueCountByLabelName": top(("__name__", 2), ("host", 2), ("job", 1)),
    "memoryInBytesByLabelName": top(("__name__", 8), ("host", 5), ("job", 2)),
    "seriesCountByLabelValuePair": top(
        ("__name__=up", 2), ("host=a", 2), ("job=x", 2), ("__name__=load", 1), ("host=bü", 1)
    ),
}


async def test_cardinality() -> None:
    """The series of the last two hours; most first, equals by name."""
    async with Rig(stored()).client() as client:
        whole = await client.get("/api/v1/status/tsdb")
        first = await client.get("/api/v1/status/tsdb", params={"limit": "1"})
    assert whole.json() == {"status": "success", "data": ALL}
    assert first.json()["data"] == {name: part[:1] if isinstance(part, list) else part for name, part in ALL.items()}


async def test_an_empty_store() -> None:
    async with Rig(MemoryQuerier()).client() as client:
        data = (await client.get("/api/v1/status/tsdb")).json()["data"]
    assert [part for part in data.values() if isinstance(part, list)] == [[]] * 4


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "x"])
async def test_limits(limit: str) -> None:
    async with Rig().client() as client:
        answer = await client.get("/api/v1/status/tsdb", params={"limit": limit})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


async def test_blocks() -> None:
    hour = 3_600_000
    blocks = [
        BlockStatistics("c", 50, 60, 3, 4, 5, 0),
        BlockStatistics("b", 20, 40, 3, 4, 5, 2 * hour),
        BlockStatistics("a", 0, 19, 7, 8, 9, 24 * hour),
    ]
    async with Rig(blocks=blocks).client() as client:
        shown = (await client.get("/api/v1/status/tsdb/blocks")).json()["data"]["blocks"]
    assert [(block["ulid"], block["compaction"]["level"]) for block in shown] == [("a", 3), ("b", 2), ("c", 1)]
    assert shown[0] == {
        "ulid": "a",
        "minTime": 0,
        "maxTime": 20,
        "stats": {"numSamples": 8, "numSeries": 7},
        "compaction": {"level": 3},
        "version": 1,
    }
