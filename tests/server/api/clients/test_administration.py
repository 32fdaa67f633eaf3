"""What administrators do over HTTP to a store that is in use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.server.api.differential.data import Series
from tests.server.api.differential.servers import vedette
from vedette_server.storage import Store
from vedette_shared.clock import SystemClock
from vedette_shared.labels import make_labels

SAMPLES = 100
A, B = (make_labels({"__name__": "x", "host": host}) for host in "ab")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server with two series, which administrators may change."""
    times = SystemClock().now_ms() - 15_000 * np.arange(SAMPLES)[::-1]
    found = [Series(labels, times, np.arange(SAMPLES, dtype=np.float64)) for labels in (A, B)]
    with vedette(tmp_path, found, admin=True) as served:
        yield served


def count(url: str) -> dict[str, str]:
    answer = httpx.get(f"{url}/api/v1/query", params={"query": "count_over_time(x[1h])"}, timeout=30)
    return {one["metric"]["host"]: one["value"][1] for one in answer.json()["data"]["result"]}


def change(url: str, name: str, **parameters: str) -> httpx.Response:
    answer = httpx.post(f"{url}/api/v1/admin/tsdb/{name}", params=parameters, timeout=60)
    assert answer.status_code in (200, 204), answer.text
    return answer


def test_reload(url: str, tmp_path: Path) -> None:
    """A wrong file is refused with its reason and leaves the old configuration in force; the status tells."""
    config = tmp_path / "server.toml"
    sound = config.read_text()

    def reloaded() -> tuple[int, str, bool]:
        answer = httpx.post(f"{url}/-/reload")
        status = httpx.get(f"{url}/api/v1/status/runtimeinfo").json()["data"]
        return answer.status_code, answer.text, status["reloadConfigSuccess"]

    config.write_text(sound + "[query]\nconcurrency = 0\n")
    reason = f"{config}: query: timeout, concurrency and max_samples must be more than 0"
    assert reloaded() == (500, f"failed to reload config: {reason}\n", False)
    config.write_text(sound)
    assert reloaded() == (200, "", True)
    assert httpx.get(f"{url}/api/v1/status/config").json()["data"] == {"yaml": sound}


def test_deletion_cleaning_and_snapshot(url: str, tmp_path: Path) -> None:
    """Deleted samples are gone at once, and from the disk when asked; a snapshot is a store of its own."""
    assert count(url) == {"a": "100", "b": "100"}
    change(url, "delete_series", **{"match[]": 'x{host="b"}'})
    assert count(url) == {"a": "100"}
    change(url, "clean_tombstones")
    blocks = httpx.get(f"{url}/api/v1/status/tsdb/blocks").json()["data"]["blocks"]
    assert [block["stats"] for block in blocks] == [{"numSamples": SAMPLES, "numSeries": 1}]
    name = change(url, "snapshot").json()["data"]["name"]
    change(url, "delete_series", **{"match[]": "x"})
    assert count(url) == {}
    copy = Store.open(tmp_path / "data" / "snapshots" / name)
    try:
        found = copy.querier.select((), 0, 2**60)
    finally:
        copy.close()
    assert ([found.labels.labels(i) for i in range(len(found))], len(found.values)) == ([A], SAMPLES)
