"""Prometheus' own description of its API: every path that is served takes its parameters and answers in its shapes.

``unserved.tsv`` names the paths that are not served, and why.
"""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.server.api.app import NOW_MS, Rig
from tests.server.api.test_targets import METADATA, ONE, target
from tests.server.promql.memory import MemoryQuerier
from vedette_server.scrape.status import Health
from vedette_server.storage import BlockStatistics
from vedette_shared.labels import make_labels

DESCRIPTION = Path(__file__).parents[4] / "shared" / "conformance" / "api" / "openapi_3.2_golden.yaml"
_TABLE = (Path(__file__).parent / "unserved.tsv").read_text(encoding="utf-8").splitlines()
UNSERVED = {row["path"]: row["reason"] for row in csv.DictReader(_TABLE, delimiter="\t")}

WITHOUT_BODY = {"/admin/tsdb/delete_series", "/admin/tsdb/clean_tombstones"}
"""The description promises a body; Prometheus itself answers 204 without one, and so does Vedette."""

OTHERWISE = {"/read": "protocol buffers; tested in remote/"}

VALUES = {"name": "__name__", "scrapePool": "web", "match_target": '{job="web"}'}
"""Parameters of which the description has no example, or one that is of no use here."""


@cache
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(DESCRIPTION.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


def operations() -> list[tuple[str, str]]:
    if not DESCRIPTION.is_file():
        return []
    return [(path, method) for path, methods in description()["paths"].items() for method in methods]


pytestmark = pytest.mark.skipif(not DESCRIPTION.is_file(), reason=f"the description of the API is not at {DESCRIPTION}")


def rig() -> Rig:
    querier = MemoryQuerier()
    for labels in ({"__name__": "up", **ONE}, {"__name__": "requests_total", **ONE}):
        querier.add(make_labels(labels), [(at, at / 1000) for at in range(0, NOW_MS + 1, 10_000)])
    shown = range(1_767_361_020_000, 1_767_361_080_000, 5000)
    querier.add(make_labels({"__name__": "up", **ONE}), [(at, 1.0) for at in shown])
    targets = [target(ONE, health=Health.UP, last_scrape_ms=NOW_MS)]
    return Rig(querier, targets=targets, metadata=METADATA, blocks=[BlockStatistics("b", 1, 2, 3, 4, 5, 0)])


def errors(schema: dict[str, Any], answer: object) -> list[str]:
    whole = {**schema, "components": description()["components"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(answer)]


def examples(parameter: dict[str, Any]) -> list[str]:
    """The values of a parameter that the description shows."""
    if parameter["name"] in VALUES:
        return [VALUES[parameter["name"]]]
    shown = [example["value"] for example in parameter.get("examples", {}).values()]
    return [str(value[0]) if isinstance(value, list) else str(value) for value in shown]


def parameters_of(operation: dict[str, Any]) -> Iterator[tuple[str, bool, list[str]]]:
    """Yield (name, whether it is required, examples) of what goes into the query string or the form."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            yield parameter["name"], parameter.get("required", False), examples(parameter)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        schema = description()["components"]["schemas"][name]
        shown = next(iter(content.get("examples", {}).values()), {}).get("value", {})
        for field, said in schema["properties"].items():
            value = shown.get(field, said.get("example", ""))
            yield field, field in schema.get("required", []), [str(value[0] if isinstance(value, list) else value)]


async def call(client: httpx.AsyncClient, path: str, method: str, parameters: dict[str, str]) -> httpx.Response:
    url = f"/api/v1{path.replace('{name}', VALUES['name'])}"
    takes_form = "requestBody" in description()["paths"][path][method]
    if takes_form:
        return await client.request(method, url, data=parameters)
    return await client.request(method, url, params=parameters)


def check(path: str, method: str, answer: httpx.Response) -> None:
    """The answer has the shape that the description gives it."""
    if path in WITHOUT_BODY:
        assert (answer.status_code, answer.content) == (204, b"")
        return
    assert answer.status_code == 200, answer.text
    schema = description()["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    assert errors(schema, answer.json()) == []


SERVED = [entry for entry in operations() if entry[0] not in UNSERVED.keys() | OTHERWISE.keys()]


@pytest.mark.parametrize(("path", "method"), SERVED)
async def test_served(path: str, method: str) -> None:
    """With what is required, and with each other parameter besides, in every form that the description shows."""
    taken = list(parameters_of(description()["paths"][path][method]))
    required = {name: shown[0] for name, needed, shown in taken if needed}
    async with rig().client() as client:
        check(path, method, await call(client, path, method, required))
        for name, _, shown in taken:
            for value in shown:
                check(path, method, await call(client, path, method, {**required, name: value}))


@pytest.mark.parametrize(("path", "method"), SERVED)
async def test_errors(path: str, method: str) -> None:
    """Without what is required the answer is an error in the shape of errors."""
    taken = list(parameters_of(description()["paths"][path][method]))
    required = {name: shown[0] for name, needed, shown in taken if needed}
    async with rig().client() as client:
        for left_out in required:
            parameters = {name: value for name, value in required.items() if name != left_out}
            answer = await call(client, path, method, parameters)
            assert (answer.status_code, errors({"$ref": "#/components/schemas/Error"}, answer.json())) == (400, [])


@pytest.mark.parametrize("path", UNSERVED)
async def test_unserved(path: str) -> None:
    """There is nothing there: a path in the table that is served is taken off the table."""
    assert path in description()["paths"]
    async with rig().client() as client:
        answers = [await client.request(method, f"/api/v1{path}") for method in description()["paths"][path]]
    assert {answer.status_code for answer in answers} == {404}
