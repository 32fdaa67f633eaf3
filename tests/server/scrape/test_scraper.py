"""Whole scrapes, over loopback sockets, into a store in memory."""

from __future__ import annotations

import base64
import gzip
import math
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from tests.shared.exposition.protobuf_pages import delimited, double, family, label, nested, number
from vedette_server.scrape import BasicAuthConfig, Health, ScrapeConfig, Scraper
from vedette_shared.clock import SystemClock
from vedette_shared.config import Duration, Size
from vedette_shared.errors import ConfigError
from vedette_shared.frames import STALE_BITS
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricType

Start = Callable[[Callable[[trio.SocketStream], Awaitable[None]]], Awaitable[str]]

TICK = Duration(100)


def _answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def _pages(*answers: bytes, requests: list[bytes] | None = None) -> Callable[[trio.SocketStream], Awaitable[None]]:
    """A handler that gives one answer after the other, over all connections, and the last one again and again."""
    left = list(answers)

    async def handle(stream: trio.SocketStream) -> None:
        while request := await stream.receive_some():
            if requests is not None:
                requests.append(bytes(request))
            await stream.send_all(left.pop(0) if len(left) > 1 else left[0])

    return handle


def _job(*addresses: str, **values: Any) -> ScrapeConfig:
    return ScrapeConfig("node", addresses, **{"interval": TICK, **values})


@asynccontextmanager
async def _scraping(jobs: Iterable[ScrapeConfig], store: Any) -> AsyncIterator[Scraper]:
    scraper = Scraper(list(jobs), store, SystemClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(scraper.run)
        yield scraper
        nursery.cancel_scope.cancel()


async def _until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(10):
        while not condition():
            await trio.sleep(0.005)


def _is_stale(value: float) -> bool:
    return struct.pack("<d", value) == struct.pack("<Q", STALE_BITS)


async def test_pages_become_samples_of_their_target(exporter: Start, store: Any) -> None:
    requests: list[bytes] = []
    address = await exporter(_pages(_answer(b"a 1\n"), _answer(b"a 2\n"), requests=requests))
    async with _scraping([_job(address, labels={"host": "h", "rack": "r"})], store) as scraper:
        await _until(lambda: len(store.latest(__name__="a")) and len(store.values("a")) >= 3)
        (status,) = scraper.targets()
    target = {"host": "h", "instance": address, "job": "node", "rack": "r"}
    assert store.values("a")[:3] == [1, 2, 2]
    assert set(store.series) == {
        make_labels(target, __name__=name)
        for name in (
            "a",
            "up",
            "scrape_duration_seconds",
            "scrape_samples_scraped",
            "scrape_samples_post_metric_relabeling",
            "scrape_series_added",
        )
    }
    assert store.values("up")[:3] == [1, 1, 1]
    assert store.values("scrape_samples_scraped")[:3] == [1, 1, 1]
    assert store.values("scrape_series_added")[:3] == [1, 0, 0]
    assert all(0 < value < 10 for value in store.values("scrape_duration_seconds"))
    assert (status.health, status.last_error, dict(status.labels)) == (Health.UP, "", target)
    assert (status.url, status.job, status.interval_ms) == (f"http://{address}/metrics", "node", TICK)
    head = requests[0].decode().split("\r\n")
    assert head[0] == "GET /metrics HTTP/1.1"
    assert {f"Host: {address}", "Accept-Encoding: gzip", "X-Prometheus-Scrape-Timeout-Seconds: 0.1"} <= set(head)


async def test_a_page_may_be_packed_and_be_openmetrics(exporter: Start, store: Any) -> None:
    body = gzip.compress(b"# TYPE a counter\na_total 5\n# EOF\n")
    headers = ("Content-Encoding: gzip", "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8")
    address = await exporter(_pages(_answer(body, *headers)))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 2)
    assert store.values("a_total")[:2] == [5, 5]


PROTOBUF = "Content-Type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding="


async def test_a_page_may_be_protobuf(exporter: Start, store: Any) -> None:
    """Of a native histogram without classic buckets sum and count are had."""
    buckets = nested(3, number(1, 3) + double(2, 0.5)) + number(1, 4) + double(2, 1.5)
    native = label("x", "2") + nested(7, number(1, 7) + nested(12, b""))
    body = delimited(
        family("a_total", MetricType.COUNTER, label("x", "1") + nested(3, double(1, 5))),
        family("h", MetricType.HISTOGRAM, nested(7, buckets), native),
    )
    address = await exporter(_pages(_answer(gzip.compress(body), "Content-Encoding: gzip", f"{PROTOBUF}delimited")))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 2)
        (status,) = scraper.targets()
    assert (status.health, scraper.counters.pages_learned) == (Health.UP, 1)
    assert store.latest(__name__="a_total", x="1") == [5]
    assert store.latest(__name__="h_bucket") == [3, 4, 7]
    assert (store.latest(__name__="h_sum"), store.latest(__name__="h_count")) == ([1.5, 0], [4, 7])


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("delimited", "byte 0: 97 bytes should follow, and 3 do"),
        ("text", "the page is protobuf, but not of delimited messages of io.prometheus.client.MetricFamily"),
    ],
)
async def test_protobuf_that_cannot_be_read(exporter: Start, store: Any, encoding: str, said: str) -> None:
    address = await exporter(_pages(_answer(b"a 1\n", PROTOBUF + encoding)))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.failures > 0)
        (status,) = scraper.targets()
    assert (status.health, status.last_error.startswith(said)) == (Health.DOWN, True)


async def test_a_series_that_leaves_the_page_goes_stale(exporter: Start, store: Any) -> None:
    address = await exporter(_pages(_answer(b"a 1\nb 2\n"), _answer(b"b 3\n")))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 3)
    first, second = store.values("a")
    assert first == 1
    assert _is_stale(second)
    assert store.values("b")[:3] == [2, 3, 3]


async def test_a_failed_scrape_makes_all_series_stale_and_the_target_down(exporter: Start, store: Any) -> None:
    bad = _answer(b"sorry\n", status="500 Internal Server Error")
    address = await exporter(_pages(_answer(b"a 1\n"), bad, _answer(b"a 2\n")))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.failures == 1)
        (status,) = scraper.targets()
        await _until(lambda: scraper.counters.scrapes > 3)
    assert (status.health, status.last_error) == (Health.DOWN, "the target answered with status 500")
    assert store.values("up")[:3] == [1, 0, 1]
    assert store.values("scrape_series_added")[:3] == [1, 0, 1]
    first, second, third = store.values("a")[:3]
    assert (first, third) == (1, 2)
    assert _is_stale(second)


async def _hang(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await trio.sleep_forever()


async def _drip(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    for byte in _answer(b"a 1\n" * 1000):
        await stream.send_all(bytes([byte]))
        await trio.sleep(0.01)


async def _flood(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        await stream.send_all(b"a 1\n" * 10_000)


async def _hang_up(stream: trio.SocketStream) -> None:
    await stream.receive_some()


async def _cut(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(_answer(b"a 1\n" * 1000)[:-5])


_BOMB = _answer(gzip.compress(bytes(3 * 10**7)), "Content-Encoding: gzip")


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (_hang, "no whole page within 0.1 s"),
        (_drip, "no whole page within 0.1 s"),
        (_flood, "the page is larger than body_size_limit, 1000000 bytes"),
        (_pages(_BOMB), "the page is larger than body_size_limit, 1000000 bytes"),
        (_hang_up, "the connection was closed before an answer"),
        (_cut, "the connection was closed in the middle of the page"),
        (_pages(b"220 smtp.example ESMTP\r\n"), "not an HTTP/1.1 response"),
        (_pages(_answer(b"a 1\nb\n")), "line 2: the series has no value"),
        (_pages(_answer(b"<html> page\n")), "line 1: 'page' is not a number"),
        (_pages(_answer(b"", status="401 Unauthorized")), "the target answered with status 401"),
        (_pages(_answer(b"a 1\na 2\na 3\n")), "the page has 3 samples; sample_limit is 2"),
        (_pages(_answer(b"", "Location: /metrics", status="302 Found")), "the target answered with status 302"),
        (_pages(_answer(b"", "Location: file:///etc/passwd", status="302 Found")), "which is no page of the web"),
    ],
)
async def test_a_sick_target_fails_by_itself_and_says_why(
    exporter: Start, store: Any, handler: Any, error: str
) -> None:
    """One bounded failure, reported; the target beside it never misses a turn."""
    sick, well = await exporter(handler), await exporter(_pages(_answer(b"well 1\n")))
    job = _job(sick, well, body_size_limit=Size(1_000_000), sample_limit=2)
    async with _scraping([job], store) as scraper:
        await _until(lambda: scraper.counters.failures >= 2)
        down, up = scraper.targets()
    assert error in down.last_error
    assert (down.health, up.health) == (Health.DOWN, Health.UP)
    assert store.latest(__name__="up", instance=sick) == [0]
    assert set(store.values("well")) == {1}


async def test_nobody_listening_is_one_clear_line(store: Any) -> None:
    async with _scraping([_job("127.0.0.1:1")], store) as scraper:
        await _until(lambda: scraper.counters.failures >= 1)
        (status,) = scraper.targets()
    assert status.last_error == "cannot fetch the page: connection refused"


async def test_a_kept_connection_that_the_target_closed_is_opened_again(exporter: Start, store: Any) -> None:
    """The target closes after each answer without a word; no scrape fails for it."""

    async def once(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(_answer(b"a 1\n"))

    address = await exporter(once)
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 4)
    assert scraper.counters.failures == 0


async def test_a_redirect_is_followed_without_the_password(exporter: Start, store: Any) -> None:
    first_requests: list[bytes] = []
    second_requests: list[bytes] = []
    second = await exporter(_pages(_answer(b"a 1\n"), requests=second_requests))
    location = f"Location: http://{second}/other?x=1"
    first = await exporter(_pages(_answer(b"", location, status="302 Found"), requests=first_requests))
    async with _scraping([_job(first, basic_auth=BasicAuthConfig("u", "p"))], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 1)
    credentials = f"Authorization: Basic {base64.b64encode(b'u:p').decode()}"
    assert credentials in first_requests[0].decode()
    assert second_requests[0].startswith(b"GET /other?x=1 HTTP/1.1\r\nHost: " + second.encode())
    assert b"Authorization" not in second_requests[0]
    assert store.values("a")[0] == 1


async def test_samples_with_timestamps_keep_them(exporter: Start, store: Any) -> None:
    address = await exporter(_pages(_answer(b"a 1 1000\nb 2\n")))
    async with _scraping([_job(address, labels={"host": "h"})], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 1)
    labels = make_labels(host="h", instance=address, job="node", __name__="a")
    assert store.loose[labels][0] == (1000, 1.0)
    assert labels not in store.series
    assert store.values("scrape_samples_scraped")[0] == 2


async def test_samples_from_the_future_are_left_out(exporter: Start, store: Any) -> None:
    """As Prometheus does it; the rest of the page is taken."""
    now = SystemClock().now_ms()
    address = await exporter(_pages(_answer(b"a 1 %d\nb 2 %d\nc 3 %d\n" % (now + 3_600_000, now - 1000, now + 60_000))))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.ahead > 1)
    found = {dict(labels)["__name__"]: samples[0] for labels, samples in store.loose.items()}
    assert found == {"b": (now - 1000, 2.0), "c": (now + 60_000, 3.0)}
    assert set(store.values("up")) == {1}


async def test_honoured_labels_go_stale_with_their_page(exporter: Start, store: Any) -> None:
    address = await exporter(_pages(_answer(b'a{instance="x"} 1\n'), _answer(b"b 1\n")))
    async with _scraping([_job(address, honor_labels=True, labels={"host": "h"})], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 2)
    samples = store.series[make_labels(host="h", instance="x", job="node", __name__="a")]
    assert samples[0][1] == 1
    assert _is_stale(samples[1][1])
    assert len(samples) == 2


async def test_a_full_store_costs_only_the_scrapes_in_between(exporter: Start, store: Any) -> None:
    address = await exporter(_pages(_answer(b"a 1\n")))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: bool(store.series))
        store.is_full = True
        await _until(lambda: scraper.counters.not_stored >= 1)
        store.is_full = False
        seen = len(store.values("a"))
        await _until(lambda: len(store.values("a")) > seen)
    assert set(store.values("up")) == {1}


async def test_a_new_configuration_leaves_what_it_keeps_alone(exporter: Start, store: Any) -> None:
    """A target that stays goes on, one that is gone goes stale, one that is new begins."""
    stays, goes, comes = [await exporter(_pages(_answer(b"a 1\n"))) for _ in range(3)]
    async with _scraping([_job(stays, goes)], store) as scraper:
        await _until(lambda: len(store.latest(__name__="a")) == 2)
        scraper.replace([_job(stays, comes)])
        await _until(lambda: len(store.latest(__name__="a")) == 3)
        assert [status.url for status in scraper.targets()] == [
            f"http://{address}/metrics" for address in (stays, comes)
        ]
        with pytest.raises(ConfigError):
            scraper.replace([_job(stays), _job(goes)])
        assert len(scraper.targets()) == 2
        await _until(lambda: store.latest(__name__="scrape_series_added", instance=stays) == [0])
    assert all(_is_stale(value) for value in store.latest(instance=goes))
    assert store.latest(__name__="a", instance=stays) == [1]
    assert store.latest(__name__="a", instance=comes) == [1]


async def test_a_changed_interval_makes_nothing_stale(exporter: Start, store: Any) -> None:
    address = await exporter(_pages(_answer(b"a 1\n")))
    async with _scraping([_job(address)], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 1)
        scraper.replace([_job(address, interval=Duration(30))])
        seen = scraper.counters.scrapes
        await _until(lambda: scraper.counters.scrapes >= seen + 3)
        (status,) = scraper.targets()
    assert status.interval_ms == 30
    assert not any(math.isnan(value) for value in store.values("a"))


async def test_large_pages_are_read_beside_the_loop(exporter: Start, store: Any) -> None:
    text = "x" * 40
    page = "".join(f'long_name{{number="{number}",text="{text}"}} {number}\n' for number in range(5000)).encode()
    address = await exporter(_pages(_answer(page)))
    async with _scraping([_job(address, interval=Duration(1000))], store):
        await _until(lambda: bool(store.latest(__name__="long_name")))
    assert 5000 in store.values("scrape_samples_scraped")
    assert sorted(store.latest(__name__="long_name")) == list(range(5000))


async def test_the_scraper_tells_of_itself(exporter: Start, store: Any) -> None:
    address = await exporter(_pages(_answer(b"a 1\n")))
    async with _scraping([_job(address, "127.0.0.1:1")], store) as scraper:
        await _until(lambda: scraper.counters.scrapes > 4)
        families = {family.name: family.samples for family in scraper.metrics()}
    healths = {dict(sample.labels)["health"]: sample.value for sample in families["vedette_scrape_targets"]}
    assert healths == {"up": 1, "down": 1, "unknown": 0}
    assert families["vedette_scrape_pages_learned_total"][0].value == 1
