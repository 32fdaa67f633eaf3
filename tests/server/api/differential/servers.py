"""Vedette and Prometheus, loaded with the same samples, and their answers in one shape."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import trio

from tests.e2e.harness import Process, eventually, free_address
from tests.server.api.differential.data import Series, open_metrics
from vedette_server.storage import Store
from vedette_server.storage.interface import LooseSamples


@contextlib.contextmanager
def vedette(folder: Path, found: list[Series], *, admin: bool = False) -> Iterator[str]:
    """The URL of a server that holds the samples."""
    trio.run(_fill, folder / "data" / "storage", found)
    api, ingest = free_address(), free_address()
    config = folder / "server.toml"
    config.write_text(
        f"""
data = "{folder}/data"
[api]
listen = "{api}"
admin = {str(admin).lower()}
[ingest]
listen = "{ingest}"
"""
    )
    process = Process("server", "--config", str(config), log=folder / "log")
    try:
        eventually(lambda: _is_ready(f"http://{api}") or not process.alive(), bool)
        assert process.alive(), process.log.read_text()
        yield f"http://{api}"
    finally:
        process.end()


async def _fill(folder: Path, found: list[Series]) -> None:
    samples = LooseSamples(
        np.repeat(np.arange(len(found)), [len(one.times) for one in found]),
        np.concatenate([one.times for one in found]),
        np.concatenate([one.values for one in found]),
    )
    store = Store.open(folder)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.appender.append_samples([one.labels for one in found], samples)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


@contextlib.contextmanager
def prometheus(folder: Path, found: list[Series]) -> Iterator[str]:
    """The URL of a Prometheus that holds the samples."""
    page = folder / "samples"
    page.write_text(open_metrics(found))
    data = folder / "data"
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", page, data], check=True, capture_output=True
    )
    config = folder / "prometheus.yml"
    config.write_text("")
    address = free_address()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={data}",
                f"--web.listen-address={address}",
                "--enable-feature=promql-negative-offset,promql-at-modifier",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            eventually(lambda: _is_ready(f"http://{address}") or process.poll() is not None, bool)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(30)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready").status_code == 200
    except httpx.HTTPError:
        return False


Answer = dict[frozenset[tuple[str, str]], dict[float, float]] | str
"""The points of each series by time, or the type of an error."""


def ask(client: httpx.Client, url: str, path: str, **parameters: object) -> Answer:
    """An answer without what does not matter: the order of series, the wording of errors."""
    told = client.post(f"{url}/api/v1/{path}", data=parameters, timeout=60).json()
    if told["status"] == "error":
        return str(told["errorType"])
    data = told["data"]
    if data["resultType"] in ("scalar", "string"):
        return {frozenset(): _points([data["result"]])}
    return {frozenset(one["metric"].items()): _points(one.get("values") or [one["value"]]) for one in data["result"]}


def _points(points: list[list[Any]]) -> dict[float, float]:
    return {time: float(value) for time, value in points}


def difference(left: Answer, right: Answer, tolerance: float = 1e-6) -> str:
    """What is different, or nothing. Values may differ by ``tolerance``, absolutely or relatively."""
    if isinstance(left, str) or isinstance(right, str):
        return "" if left == right else f"{left!r:.200} and {right!r:.200}"
    if left.keys() != right.keys():
        only = [sorted(map(sorted, one.keys() - other.keys())) for one, other in ((left, right), (right, left))]
        return f"series {only[0]} and {only[1]}"
    for labels, points in left.items():
        others = right[labels]
        if points.keys() != others.keys():
            return f"times of {sorted(labels)}: {sorted(points.keys() ^ others.keys())[:5]}"
        for time, value in points.items():
            if not np.isclose(value, others[time], rtol=tolerance, atol=tolerance, equal_nan=True):
                return f"{sorted(labels)} at {time}: {value!r} and {others[time]!r}"
    return ""
