"""A real exporter: Debian's prometheus-node-exporter."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import trio

from vedette_server.scrape import Health, ScrapeConfig, Scraper
from vedette_shared.clock import SystemClock
from vedette_shared.config import Duration
from vedette_shared.exposition import ScrapeProtocol

_PROGRAM = shutil.which("prometheus-node-exporter")

pytestmark = pytest.mark.skipif(_PROGRAM is None, reason="prometheus-node-exporter is not installed")


@pytest.fixture
def address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen([str(_PROGRAM), f"--web.listen-address={where}"], stderr=subprocess.DEVNULL)
    try:
        yield where
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("protocol", ["PrometheusText0.0.4", "PrometheusProto"])
async def test_its_pages_are_scraped_and_learned_once(protocol: ScrapeProtocol, address: str, store: Any) -> None:
    jobs = [ScrapeConfig("node", (address,), interval=Duration(1000), scrape_protocols=(protocol,))]
    scraper = Scraper(jobs, store, SystemClock())
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            await nursery.start(scraper.run)
            # Until it listens, scrapes fail, which add no series either.
            while store.latest(__name__="up") != [1] or store.latest(__name__="scrape_series_added") != [0.0]:
                await trio.sleep(0.01)
                (status,) = scraper.targets()
            nursery.cancel_scope.cancel()
    assert (status.health, status.last_error) == (Health.UP, "")
    assert store.latest(__name__="up") == [1]
    host = socket.gethostname()
    (total,) = store.latest(__name__="node_memory_MemTotal_bytes", host=host, job="node", instance=address)
    assert total == psutil.virtual_memory().total
    assert store.latest(__name__="scrape_samples_scraped")[0] > 200
