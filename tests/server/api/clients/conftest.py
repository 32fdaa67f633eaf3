"""One real server with an hour of known samples, for all clients."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
import trio

from tests.e2e.harness import Process, eventually, free_address
from vedette_server.storage import Store
from vedette_server.storage.interface import LooseSamples
from vedette_shared.clock import SystemClock
from vedette_shared.labels import make_labels

STEP_MS = 15_000
BEFORE, AFTER = 240, 240
"""Samples before and after the base; the later ones are there for clients that ask for the present."""


@dataclass(frozen=True)
class Served:
    """A running server. ``requests_total{host,job}`` of the hosts a and b counts 1 and 2 a second; ``steady`` is 42.

    Attributes:
        url: Of its API.
        base: A whole minute shortly before the test, in seconds: its samples go from an hour before to an hour after.
    """

    url: str
    base: int


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server of all tests in this folder."""
    folder = tmp_path_factory.mktemp("served")
    base = SystemClock().now_ms() // 60_000 * 60
    trio.run(_fill, folder / "data" / "storage", base * 1000)
    api, ingest = free_address(), free_address()
    config = folder / "server.toml"
    config.write_text(f'data = "{folder}/data"\n[api]\nlisten = "{api}"\n[ingest]\nlisten = "{ingest}"\n')
    process = Process("server", "--config", str(config), log=folder / "log")
    served = Served(f"http://{api}", base)
    try:
        eventually(lambda: _is_ready(served.url) or not process.alive(), bool)
        assert process.alive(), process.log.read_text()
        yield served
    finally:
        process.end(signal.SIGTERM)


async def _fill(folder: Path, base_ms: int) -> None:
    times = base_ms + STEP_MS * np.arange(-BEFORE, AFTER + 1)
    since = (times - times[0]) / 1000
    columns = {
        make_labels({"__name__": "requests_total", "host": "a", "job": "web"}): since,
        make_labels({"__name__": "requests_total", "host": "b", "job": "web"}): 2 * since,
        make_labels({"__name__": "steady", "host": "a"}): np.full(len(times), 42.0),
    }
    series = np.repeat(np.arange(len(columns)), len(times))
    samples = LooseSamples(series, np.tile(times, len(columns)), np.concatenate(list(columns.values())))
    store = Store.open(folder)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.appender.append_samples(list(columns), samples)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready").status_code == 200
    except httpx.HTTPError:
        return False


def program(name: str) -> str:
    """The path of a program; a test that needs one that is not installed is skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture(scope="session")
def promtool() -> str:
    return program("promtool")


@pytest.fixture(scope="session")
def vmalert() -> str:
    return program("vmalert")


@pytest.fixture(scope="session")
def prometheus() -> str:
    return program("prometheus")
