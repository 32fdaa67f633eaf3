"""A Prometheus that reads from Vedette, and that scrapes its federation."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.harness import eventually, free_address
from tests.server.api.clients.conftest import Served


@pytest.fixture(scope="module")
def reader(server: Served, prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus beside the server."""
    folder: Path = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    config.write_text(
        f"""
global: {{scrape_interval: 1s}}
remote_read: [{{url: "{server.url}/api/v1/read", read_recent: true}}]
scrape_configs:
- job_name: federate
  honor_labels: true
  metrics_path: /federate
  params: {{"match[]": ['{{__name__="steady"}}']}}
  metric_relabel_configs: [{{source_labels: [__name__], replacement: federated, target_label: way}}]
  static_configs: [{{targets: ["{server.url.removeprefix("http://")}"]}}]
"""
    )
    address = free_address()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                prometheus,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://{address}"
            eventually(lambda: is_ready(url), bool)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready").status_code == 200
    except httpx.HTTPError:
        return False


def result(url: str, path: str, **parameters: str) -> Any:
    answer = httpx.get(f"{url}/api/v1/{path}", params=parameters, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["result"]


@pytest.mark.parametrize("query", ["requests_total", 'rate({host=~"a|x",job!=""}[5m])', "count_over_time(steady[10m])"])
def test_remote_read(query: str, reader: str, server: Served) -> None:
    """Another's queries over Vedette's samples give what Vedette's own give."""
    bounds = {"start": f"{server.base - 1800.5}", "end": f"{server.base - 900.5}", "step": "60"}
    found = result(reader, "query_range", query=query, **bounds)
    assert found == result(server.url, "query_range", query=query, **bounds) != []


def test_federation(reader: str) -> None:
    """Another scrapes the newest samples; the series has the labels that it lacked from there, but no instance."""
    found = eventually(lambda: result(reader, "query", query='steady{way="federated"}'), bool)
    assert found[0]["metric"] == {"__name__": "steady", "host": "a", "job": "federate", "way": "federated"}
    assert found[0]["value"][1] == "42"
