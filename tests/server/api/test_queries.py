"""Queries over HTTP: envelopes, errors and limits as Prometheus' clients expect them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.server.api.app import Rig


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with Rig().client() as made:
        yield made


def vector(*entries: tuple[dict[str, str], str]) -> dict[str, Any]:
    result = [{"metric": metric, "value": [100, value]} for metric, value in entries]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


X_A, X_B = {"__name__": "x_total", "host": "a"}, {"__name__": "x_total", "host": "b"}

ANSWERS = [
    ("query", {"query": "x_total"}, vector((X_A, "100"), (X_B, "200"))),
    ("query", {"query": 'rate(x_total{host="b"}[1m])'}, vector(({"host": "b"}, "2"))),
    ("query", {"query": "nothing"}, vector()),
    ("query", {"query": "1+1"}, {"status": "success", "data": {"resultType": "scalar", "result": [100, "2"]}}),
    ("query", {"query": '"a"'}, {"status": "success", "data": {"resultType": "string", "result": [100, "a"]}}),
    (
        "query",
        {"query": 'x_total{host="a"}[15s]', "time": "40"},
        {
            "status": "success",
            "data": {"resultType": "matrix", "result": [{"metric": X_A, "values": [[30, "30"], [40, "40"]]}]},
        },
    ),
    (
        "query",
        {"query": "x_total", "limit": "1"},
        vector((X_A, "100")) | {"warnings": ["results truncated due to limit"]},
    ),
    (
        "query",
        {"query": "x_total[15s]", "limit": "1"},
        {
            "status": "success",
            "data": {"resultType": "matrix", "result": [{"metric": X_A, "values": [[90, "90"], [100, "100"]]}]},
            "warnings": ["results truncated due to limit"],
        },
    ),
    (
        "query",
        {"query": "x_total", "time": "1970-01-01T00:01:45Z", "lookback_delta": "5s"},
        vector(),
    ),
    ("query", {"query": "x_total", "lookback_delta": "0"}, vector((X_A, "100"), (X_B, "200"))),
    (
        "query_range",
        {"query": "sum(x_total)", "start": "10", "end": "30.5", "step": "10s"},
        {
            "status": "success",
            "data": {
                "resultType": "matrix",
                "result": [{"metric": {}, "values": [[10, "30"], [20, "60"], [30, "90"]]}],
            },
        },
    ),
    ("format_query", {"query": "sum(x)by(a)"}, {"status": "success", "data": "sum by (a) (x)"}),
]


@pytest.mark.parametrize(("path", "parameters", "answer"), ANSWERS)
async def test_answers(
    path: str, parameters: dict[str, str], answer: dict[str, Any], client: httpx.AsyncClient
) -> None:
    by_get = await client.get(f"/api/v1/{path}", params=parameters)
    by_post = await client.post(f"/api/v1/{path}", data=parameters)
    assert (by_get.status_code, by_get.json(), by_post.json()) == (200, answer, answer)


REFUSALS = [
    ("query", {}, 400, "bad_data", 'invalid parameter "query": it is required'),
    (
        "query",
        {"query": "sum("},
        400,
        "bad_data",
        'invalid parameter "query": 1:5: parse error: unexpected end of input',
    ),
    (
        "query",
        {"query": "x", "time": "noon"},
        400,
        "bad_data",
        'invalid parameter "time": cannot parse "noon" to a valid timestamp',
    ),
    (
        "query_range",
        {"query": "x", "start": "2", "end": "1", "step": "1"},
        400,
        "bad_data",
        'invalid parameter "end": end timestamp must not be before start time',
    ),
    (
        "query_range",
        {"query": "x", "start": "0", "end": "1", "step": "0"},
        400,
        "bad_data",
        (
            'invalid parameter "step": zero or negative query resolution step widths are not accepted.'
            " Try a positive integer"
        ),
    ),
    (
        "query_range",
        {"query": "x", "start": "0", "end": "20000", "step": "1"},
        400,
        "bad_data",
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ),
    (
        "query_range",
        {"query": "x[1m]", "start": "0", "end": "2", "step": "1"},
        400,
        "bad_data",
        (
            'invalid parameter "query": invalid expression type "range vector" for range query,'
            " must be Scalar or instant Vector"
        ),
    ),
    (
        "query",
        {"query": "x", "limit": "-1"},
        400,
        "bad_data",
        'invalid parameter "limit": limit must be a non-negative number',
    ),
]


@pytest.mark.parametrize(("path", "parameters", "status", "error_type", "error"), REFUSALS)
async def test_refusals(
    path: str, parameters: dict[str, str], status: int, error_type: str, error: str, client: httpx.AsyncClient
) -> None:
    answer = await client.get(f"/api/v1/{path}", params=parameters)
    assert (answer.status_code, answer.json()) == (
        status,
        {"status": "error", "errorType": error_type, "error": error},
    )


async def test_statistics_and_plan(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/query", params={"query": "sum(x_total)", "stats": "true", "explain": "1"})
    data = answer.json()["data"]
    assert data["stats"]["samples"] == {"totalQueryableSamples": 22, "peakSamples": 22}
    plan = data["explain"][0]
    assert (plan["expr"], plan["series"], [child["expr"] for child in plan["children"]]) == (
        "sum(x_total)",
        1,
        ["x_total"],
    )
