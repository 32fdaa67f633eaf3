"""Labels, their values and series over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.server.api.app import Rig
from tests.server.promql.memory import MemoryQuerier
from vedette_server.api.label_names import unescape_name
from vedette_shared.labels import make_labels

TRUNCATED = "results truncated due to limit"
A = {"__name__": "up", "host": "a", "job": "node"}
B = {"__name__": "up", "host": "b", "job": "node"}
C = {"__name__": "load", "host": "a"}
DOTTED = {"__name__": "load", "http.method": "get"}


def few_series() -> MemoryQuerier:
    querier = MemoryQuerier()
    for labels, at in ((A, 10_000), (B, 20_000), (C, 30_000), (DOTTED, 30_000)):
        querier.add(make_labels(labels), [(at, 1.0)])
    return querier


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with Rig(few_series()).client() as made:
        yield made


ANSWERS = [
    ("labels", {}, ["__name__", "host", "http.method", "job"], []),
    ("labels", {"match[]": "up"}, ["__name__", "host", "job"], []),
    ("labels", {"match[]": ["up", '{"http.method"="get"}']}, ["__name__", "host", "http.method", "job"], []),
    ("labels", {"limit": "2"}, ["__name__", "host"], [TRUNCATED]),
    ("labels", {"limit": "4"}, ["__name__", "host", "http.method", "job"], []),
    ("labels", {"limit": "0"}, ["__name__", "host", "http.method", "job"], []),
    ("labels", {"start": "25"}, ["__name__", "host", "http.method"], []),
    ("label/host/values", {}, ["a", "b"], []),
    ("label/host/values", {"match[]": "load"}, ["a"], []),
    ("label/host/values", {"limit": "1"}, ["a"], [TRUNCATED]),
    ("label/host/values", {"start": "15", "end": "1970-01-01T00:00:25Z"}, ["b"], []),
    ("label/host/values", {"start": "-9223372036854775.808", "end": "9223372036854775.807"}, ["a", "b"], []),
    (
        "label/host/values",
        {"start": "-292273086-05-16T16:47:06Z", "end": "292277025-08-18T07:12:54.999999999Z"},
        ["a", "b"],
        [],
    ),
    ("label/http.method/values", {}, ["get"], []),
    ("label/U__http_2e_method/values", {}, ["get"], []),
    ("label/nothing/values", {}, [], []),
    ("series", {"match[]": "up"}, [A, B], []),
    ("series", {"match[]": ["up", '{host="a"}']}, [C, A, B], []),
    ("series", {"match[]": ["up", '{host="a"}'], "limit": "2"}, [C, A], [TRUNCATED]),
    ("series", {"match[]": "up", "end": "15"}, [A], []),
    ("series", {"match[]": '{host=~"nobody.*"}'}, [], []),
]


@pytest.mark.parametrize(("path", "parameters", "data", "warnings"), ANSWERS)
async def test_answers(
    path: str, parameters: dict[str, str], data: list[object], warnings: list[str], client: httpx.AsyncClient
) -> None:
    answer = await client.get(f"/api/v1/{path}", params=parameters)
    expected = {"status": "success", "data": data} | ({"warnings": warnings} if warnings else {})
    assert (answer.status_code, answer.json()) == (200, expected)


@pytest.mark.parametrize("path", ["labels", "series"])
async def test_post(path: str, client: httpx.AsyncClient) -> None:
    """A form says what a query string does; both together are read."""
    parameters = {"match[]": ["up", "load"]}
    by_form = await client.post(f"/api/v1/{path}", data=parameters)
    by_both = await client.post(f"/api/v1/{path}?match[]=load", data={"match[]": "up"})
    by_query = await client.get(f"/api/v1/{path}", params=parameters)
    assert by_form.json() == by_both.json() == by_query.json()


NO_NON_EMPTY = 'invalid parameter "match[]": match[] must contain at least one non-empty matcher'
REFUSALS = [
    ("series", {}, 'invalid parameter "match[]": no match[] parameter provided'),
    ("series", {"match[]": "{}"}, NO_NON_EMPTY),
    ("series", {"match[]": '{host=~".*"}'}, NO_NON_EMPTY),
    ("labels", {"match[]": ["up", '{host!="a"}']}, NO_NON_EMPTY),
    ("label/host/values", {"match[]": "{}"}, NO_NON_EMPTY),
    ("series", {"match[]": "up["}, 'invalid parameter "match[]": 1:4: parse error: unexpected end of input'),
    ("series", {"match[]": "up[5m]"}, "invalid parameter \"match[]\": 'up[5m]' is not a plain selector of series"),
    ("series", {"match[]": "up offset 5m"}, "invalid parameter \"match[]\": 'up offset 5m' is not a plain selector"),
    ("series", {"match[]": "sum(up)"}, "invalid parameter \"match[]\": 'sum(up)' is not a plain selector of series"),
    ("labels", {"limit": "-1"}, 'invalid parameter "limit": limit must be a non-negative number'),
    ("labels", {"limit": "x"}, 'invalid parameter "limit": limit must be a non-negative number'),
    ("labels", {"start": "2", "end": "1"}, 'invalid parameter "end": end timestamp must not be before start time'),
    ("labels", {"start": "NaN"}, 'invalid parameter "start": cannot parse "NaN" to a valid timestamp'),
    ("label/a%FFb/values", {}, 'invalid label name: "a\ufffdb"'),
]


@pytest.mark.parametrize(("path", "parameters", "error"), REFUSALS)
async def test_refusals(path: str, parameters: dict[str, str], error: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/api/v1/{path}", params=parameters)
    told = answer.json()
    assert (answer.status_code, told["status"], told["errorType"]) == (400, "error", "bad_data")
    assert told["error"].startswith(error)


NAMES = [
    ("host", "host"),
    ("U__http_2e_method", "http.method"),
    ("U__a__b", "a_b"),
    ("U___1f600_", "\U0001f600"),
    ("U__plain", "plain"),
    ("U__a_b", "U__a_b"),
    ("U__bad_zz_", "U__bad_zz_"),
    ("U__far_ffffff_", "U__far_ffffff_"),
]


@pytest.mark.parametrize(("escaped", "name"), NAMES)
def test_escaped_names(escaped: str, name: str) -> None:
    assert unescape_name(escaped) == name
