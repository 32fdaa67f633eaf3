"""Pages for another Prometheus to scrape."""

import pytest

from tests.server.api.app import NOW_MS, Rig
from tests.server.promql.memory import MemoryQuerier
from vedette_shared.exposition import TEXT_CONTENT_TYPE
from vedette_shared.frames import STALE_NAN
from vedette_shared.labels import make_labels

OLD, YOUNG = NOW_MS - 300_001, NOW_MS - 5_000


def stored() -> MemoryQuerier:
    querier = MemoryQuerier()
    for labels, samples in (
        ({"__name__": "up", "instance": "b", "job": "x"}, [(OLD, 1.0), (YOUNG, 2.0), (NOW_MS, 3.0)]),
        ({"__name__": "up", "instance": "a"}, [(YOUNG, 1.5)]),
        ({"__name__": "up", "instance": "future"}, [(NOW_MS + 1, 1.0)]),
        ({"__name__": "up", "instance": "old"}, [(OLD, 1.0)]),
        ({"__name__": "up", "instance": "gone"}, [(YOUNG, 1.0), (NOW_MS, STALE_NAN)]),
        ({"__name__": "load", "host": "h"}, [(YOUNG, float("nan"))]),
        ({"host": "nameless"}, [(YOUNG, 1.0)]),
    ):
        querier.add(make_labels(labels), samples)
    return querier


PAGE = """\
# TYPE load untyped
load{host="h",instance=""} NaN 95000
# TYPE up untyped
up{instance="a"} 1.5 95000
up{instance="b",job="x"} 3 100000
"""


async def test_page() -> None:
    """The newest sample of each series with its time; none that is stale, old or nameless; each series once."""
    async with Rig(stored()).client() as client:
        answer = await client.get("/federate", params={"match[]": ["up", '{host=~".+"}', '{instance="a"}']})
    assert (answer.status_code, answer.headers["content-type"]) == (200, TEXT_CONTENT_TYPE)
    assert answer.text == PAGE


@pytest.mark.parametrize(("parameters", "page"), [({}, ""), ({"match[]": "nothing"}, "")])
async def test_empty_pages(parameters: dict[str, str], page: str) -> None:
    async with Rig(stored()).client() as client:
        answer = await client.get("/federate", params=parameters)
    assert (answer.status_code, answer.text) == (200, page)


async def test_refusal() -> None:
    async with Rig(stored()).client() as client:
        answer = await client.get("/federate", params={"match[]": "{}"})
    assert answer.status_code == 400
