"""What changes the server over HTTP, and who may do it."""

import pytest

from tests.server.api.app import FakeStore, Rig
from vedette_server.api.admin import DISABLED
from vedette_server.api.parameters import END_OF_TIME_MS
from vedette_server.storage.interface import Matcher, MatchOp

UP, HOST_A = Matcher("__name__", MatchOp.EQUAL, "up"), Matcher("host", MatchOp.EQUAL, "a")
CHANGES = ["delete_series?match[]=up", "clean_tombstones", "snapshot?skip_head=true"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_deletion(method: str) -> None:
    """Every selector is deleted within the range, which is boundless unless it is given."""
    store = FakeStore()
    async with Rig(store=store).client() as client:
        path = "/api/v1/admin/tsdb/delete_series"
        first = await client.request(method, path, params={"match[]": ["up", '{host="a"}']})
        second = await client.request(method, path, params={"match[]": "up", "start": "1", "end": "2.5"})
    assert [(answer.status_code, answer.content) for answer in (first, second)] == [(204, b"")] * 2
    assert store.deleted == [
        ((UP,), -END_OF_TIME_MS, END_OF_TIME_MS),
        ((HOST_A,), -END_OF_TIME_MS, END_OF_TIME_MS),
        ((UP,), 1000, 2500),
    ]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, 'invalid parameter "match[]": no match[] parameter provided'),
        ({"match[]": "{}"}, 'invalid parameter "match[]": match[] must contain at least one non-empty matcher'),
        ({"match[]": ["up", "{"]}, 'invalid parameter "match[]": 1:2: parse error: '),
        ({"match[]": "up", "start": "2", "end": "1"}, 'invalid parameter "end": end timestamp must not be before'),
    ],
)
async def test_nothing_is_deleted_by_a_wrong_request(parameters: dict[str, str], error: str) -> None:
    store = FakeStore()
    async with Rig(store=store).client() as client:
        answer = await client.post("/api/v1/admin/tsdb/delete_series", params=parameters)
    assert (answer.status_code, answer.json()["errorType"], store.deleted) == (400, "bad_data", [])
    assert answer.json()["error"].startswith(error)


@pytest.mark.parametrize("change", CHANGES)
async def test_the_switch(change: str) -> None:
    """Without it in the configuration nothing is changed."""
    store = FakeStore()
    async with Rig(store=store, admin=False).client() as client:
        answer = await client.post(f"/api/v1/admin/tsdb/{change}")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "error", "errorType": "unavailable", "error": DISABLED},
    )
    assert store == FakeStore()


@pytest.mark.parametrize("path", [*(f"/api/v1/admin/tsdb/{change}" for change in CHANGES), "/-/reload"])
async def test_pages_of_other_origins_change_nothing(path: str) -> None:
    """A browser posts a form for any page; only what comes from this server's own pages, or no page, is obeyed."""
    store = FakeStore()
    async with Rig(store=store, origins=["*"]).client() as client:
        foreign = await client.post(path, headers={"origin": "https://other.example.org"})
        assert (foreign.status_code, store) == (403, FakeStore())
        own = await client.post(path, headers={"origin": "http://server"})
    assert own.status_code in (200, 204)


async def test_cleaning_and_snapshots() -> None:
    store = FakeStore()
    async with Rig(store=store).client() as client:
        cleaned = await client.post("/api/v1/admin/tsdb/clean_tombstones")
        taken = await client.put("/api/v1/admin/tsdb/snapshot")
    assert (cleaned.status_code, cleaned.content) == (204, b"")
    assert taken.json() == {"status": "success", "data": {"name": "snapshot-1"}}
    assert store == FakeStore(cleaned=1, snapshots=1)


async def test_reload() -> None:
    async with Rig().client() as client:
        taken = await client.post("/-/reload")
        got = await client.get("/-/reload")
    async with Rig(wrong_configuration="server.toml: data: no").client() as client:
        refused = await client.put("/-/reload")
    assert (taken.status_code, taken.text, got.status_code) == (200, "", 405)
    assert (refused.status_code, refused.text) == (500, "failed to reload config: server.toml: data: no\n")
