"""Pages that state the times of their samples: what is stored, beside what Prometheus stores of the same pages."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.agent.processes import eventually
from tests.server.storage.support import read_all, run_store
from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.fetch import make_fetcher
from vedette_agent.apps.source import AppSource
from vedette_agent.sources.framing import Framing, source_target
from vedette_agent.sources.interface import Collection
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import STALE_BITS, Frame, Sender
from vedette_shared.labels import Labels, make_labels

Stored = dict[Labels, dict[int, float]]

BEGIN = int(time.time()) * 1000 - 120_000
LATEST = BEGIN + 120_000
"""When queries are asked, however long ago the tests began."""

JOB = Matcher("job", MatchOp.EQUAL, "cadvisor")


def page(*samples: tuple[str, float, int], turn: int) -> bytes:
    lines = [f'usage{{pod="{pod}"}} {value} {BEGIN + offset}\n' for pod, value, offset in samples]
    return "".join([*lines, f"turn {turn} {BEGIN + 60_000 + turn}\n"]).encode()


PAGES = [
    page(("a", 1.0, 0), ("b", 10.0, 500), turn=1),
    # b is as it was, and said again; a has gone on.
    page(("a", 2.0, 10_000), ("b", 10.0, 500), turn=2),
    # a has gone; b is older than before, and another than was said of that time.
    page(("b", 9.0, 400), ("c", 5.0, 20_000), turn=3),
    page(("b", 11.0, 500), ("c", 6.0, 30_000), turn=4),
]
EXPECTED: Stored = {
    make_labels(__name__="usage", pod="a"): {0: 1.0, 10_000: 2.0},
    make_labels(__name__="usage", pod="b"): {500: 10.0},
    make_labels(__name__="usage", pod="c"): {20_000: 5.0, 30_000: 6.0},
    make_labels(__name__="turn"): {60_000 + turn: float(turn) for turn in (1, 2, 3, 4)},
}
LATE = {make_labels(__name__="usage", pod="b"): {400: 9.0}}
"""Out of order: this store takes it, Prometheus without a window for such samples does not."""


async def test_what_is_stored(tmp_path: Path) -> None:
    with served() as (port, show):
        target = TargetConfig(f"http://127.0.0.1:{port}/metrics", "cadvisor")
        fetcher = make_fetcher(target, 1 << 20)
        source = AppSource(target, fetcher, interval_ms=15_000, timeout=1.0, host="h", labels={})
        framing = Framing(source.name, source_target(source, "h", ()), reports_up=True)
        collections = []
        for turn, body in enumerate(PAGES):
            show(body)
            collections.append(Collection(BEGIN + 100_000 + turn, 0.5, await source.collect()))
    collections.append(Collection(BEGIN + 110_000, 0.5, (), "no answer"))
    frames = [frame for collection in collections for frame in framing.frames_of(collection)]
    layouts = {frame.layout.hash: frame.layout for frame in frames}
    async with run_store(tmp_path, ManualClock(BEGIN + 120_000)) as store:
        for sequence, new in enumerate(frames, 1):
            frame = Frame(sequence, new.timestamp, new.target, new.source, new.layout.hash, new.values)
            await store.appender.append_frames(Sender("h", 1), [*layouts.values()], [frame])
        stored = read_all(store.querier, JOB)
    assert not any(STALE_BITS in samples.values() for labels, samples in stored.items() if is_of_page(labels))
    found = {
        bare(labels): {when - BEGIN: float(np.uint64(bits).view(np.float64)) for when, bits in samples.items()}
        for labels, samples in stored.items()
        if is_of_page(labels)
    }
    assert found == {labels: {**LATE.get(labels, {}), **samples} for labels, samples in EXPECTED.items()}


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
def test_prometheus_stores_the_same(tmp_path: Path) -> None:
    with served() as (port, show):
        show(PAGES[0])
        with prometheus(tmp_path, port) as url:
            for turn, body in enumerate(PAGES, 1):
                show(body)
                eventually(
                    lambda turn=turn: turn in samples_of(url, "turn").get(make_labels(__name__="turn"), {}).values()
                )
            show(b"")
            eventually(lambda: len(instant(url, "scrape_samples_scraped == 0")) == 1)
            stored = {**samples_of(url, "usage"), **samples_of(url, "turn")}
            alive = {
                bare(make_labels(one["metric"])) for one in instant(url, '{__name__=~"usage|turn"}', LATEST / 1000)
            }
    assert stored == EXPECTED
    # No markers: all are seen for five minutes from their last sample.
    assert alive == set(EXPECTED)


def is_of_page(labels: Labels) -> bool:
    return dict(labels)["__name__"] in ("usage", "turn")


def bare(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] not in ("job", "instance", "host"))


def instant(url: str, query: str, at: float = 0) -> list[dict[str, dict[str, str]]]:
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query, "time": str(at)} if at else {"query": query})
    except httpx.TransportError:
        return []
    return answer.json()["data"]["result"] if answer.status_code == httpx.codes.OK else []  # type: ignore[no-any-return]


def samples_of(url: str, name: str) -> Stored:
    return {
        bare(make_labels(one["metric"])): {
            round(float(when) * 1000) - BEGIN: float(value) for when, value in one["values"]
        }
        for one in instant(url, f"{name}[10m]", LATEST / 1000)
    }


@contextmanager
def served() -> Iterator[tuple[int, Callable[[bytes], None]]]:
    shown = [b""]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(shown[0])

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], lambda body: shown.__setitem__(0, body)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def prometheus(folder: Path, port: int) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n"
        f"  - {{job_name: cadvisor, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n"
    )
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
    process = subprocess.Popen(["prometheus", *options], stderr=subprocess.DEVNULL)
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)
