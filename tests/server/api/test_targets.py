"""Targets and metadata over HTTP."""

from typing import Any

import pytest

from tests.server.api.app import NOW_MS, Rig
from tests.server.promql.memory import MemoryQuerier
from vedette_server.scrape import TargetStatus
from vedette_server.scrape.status import Health
from vedette_shared.frames import Metadata
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricType

METADATA = {
    "requests": Metadata("requests", MetricType.COUNTER, "Requests.", ""),
    "latency_seconds": Metadata("latency_seconds", MetricType.HISTOGRAM, "Latency.", "seconds"),
    "load": Metadata("load", MetricType.GAUGE, "Load.", ""),
}
REQUESTS = {"type": "counter", "help": "Requests.", "unit": ""}
LATENCY = {"type": "histogram", "help": "Latency.", "unit": "seconds"}
LOAD = {"type": "gauge", "help": "Load.", "unit": ""}
ONE, TWO = {"instance": "one", "job": "web"}, {"instance": "two", "job": "node"}


def target(labels: dict[str, str], **more: Any) -> TargetStatus:
    url = f"http://{labels['instance']}/metrics"
    return TargetStatus(
        labels["job"], url, make_labels(labels), {"__address__": labels["instance"]}, 15_000, 10_000, **more
    )


def rig() -> Rig:
    querier = MemoryQuerier()
    for name, labels in (("requests_total", ONE), ("latency_seconds_bucket", ONE), ("load", TWO)):
        querier.add(make_labels({"__name__": name, **labels}), [(NOW_MS, 1.0)])
    up = target(ONE, health=Health.UP, last_scrape_ms=90_000, last_duration_s=0.25)
    down = target(TWO, health=Health.DOWN, last_error="connection refused", last_scrape_ms=91_500)
    return Rig(querier, targets=[up, down, target({"instance": "three", "job": "node"})], metadata=METADATA)


def shown(labels: dict[str, str], **more: object) -> dict[str, Any]:
    url = f"http://{labels['instance']}/metrics"
    return {
        "discoveredLabels": {"__address__": labels["instance"]},
        "labels": labels,
        "scrapePool": labels["job"],
        "scrapeUrl": url,
        "globalUrl": url,
        "lastError": "",
        "lastScrape": "0001-01-01T00:00:00Z",
        "lastScrapeDuration": 0.0,
        "health": "unknown",
        "scrapeInterval": "15s",
        "scrapeTimeout": "10s",
    } | more


UP = shown(ONE, health="up", lastScrape="1970-01-01T00:01:30.000Z", lastScrapeDuration=0.25)
DOWN = shown(TWO, health="down", lastError="connection refused", lastScrape="1970-01-01T00:01:31.500Z")
FRESH = shown({"instance": "three", "job": "node"})
POOLS = {"node": 0, "web": 0}

TARGETS = [
    ({}, [UP, DOWN, FRESH], POOLS),
    ({"state": "any"}, [UP, DOWN, FRESH], POOLS),
    ({"state": "active"}, [UP, DOWN, FRESH], {}),
    ({"state": "dropped"}, [], POOLS),
    ({"scrapePool": "web"}, [UP], POOLS),
    ({"scrapePool": "nobody"}, [], POOLS),
]


@pytest.mark.parametrize(("parameters", "active", "pools"), TARGETS)
async def test_targets(parameters: dict[str, str], active: list[object], pools: dict[str, int]) -> None:
    async with rig().client() as client:
        answer = await client.get("/api/v1/targets", params=parameters)
    data = {"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": pools}
    assert answer.json() == {"status": "success", "data": data}


async def test_pools() -> None:
    async with rig().client() as client:
        answer = await client.get("/api/v1/scrape_pools")
    assert answer.json()["data"] == {"scrapePools": ["node", "web"]}


DATA = [
    ("metadata", {}, {"latency_seconds": [LATENCY], "load": [LOAD], "requests": [REQUESTS]}),
    ("metadata", {"limit": "1"}, {"latency_seconds": [LATENCY]}),
    ("metadata", {"limit": "-1", "limit_per_metric": "1", "metric": "load"}, {"load": [LOAD]}),
    ("metadata", {"metric": "nothing"}, {}),
    (
        "targets/metadata",
        {},
        [
            {"target": ONE, "metric": "latency_seconds", **LATENCY},
            {"target": ONE, "metric": "requests", **REQUESTS},
            {"target": TWO, "metric": "load", **LOAD},
        ],
    ),
    ("targets/metadata", {"metric": "load"}, [{"target": TWO, **LOAD}]),
    (
        "targets/metadata",
        {"match_target": '{job="web"}', "limit": "1"},
        [{"target": ONE, "metric": "latency_seconds", **LATENCY}],
    ),
    ("targets/metadata", {"match_target": '{job!~"web|node",instance=~".+"}'}, []),
]


@pytest.mark.parametrize(("path", "parameters", "data"), DATA)
async def test_metadata(path: str, parameters: dict[str, str], data: object) -> None:
    async with rig().client() as client:
        answer = await client.get(f"/api/v1/{path}", params=parameters)
    assert answer.json() == {"status": "success", "data": data}


REFUSALS = [
    ("targets", {"state": "x"}, "invalid parameter \"state\": 'x' is none of any, active, dropped"),
    ("metadata", {"limit": "x"}, "limit must be a number"),
    ("metadata", {"limit_per_metric": "--1"}, "limit_per_metric must be a number"),
    ("targets/metadata", {"match_target": "{"}, 'invalid parameter "match_target": 1:2: parse error: '),
]


@pytest.mark.parametrize(("path", "parameters", "error"), REFUSALS)
async def test_refusals(path: str, parameters: dict[str, str], error: str) -> None:
    async with rig().client() as client:
        answer = await client.get(f"/api/v1/{path}", params=parameters)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
    assert answer.json()["error"].startswith(error)
