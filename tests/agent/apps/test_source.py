"""One application scraped: what its page says, and what is said of pages that are none."""

from functools import partial
from pathlib import Path

import pytest
import trio

from tests.agent.apps.servers import guarded, pages, raw
from tests.shared.exposition.protobuf_pages import delimited, encode_page, family, label, nested, number
from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.fetch import make_fetcher
from vedette_agent.apps.source import LARGE_BYTES, AppSource
from vedette_agent.errors import CollectorError
from vedette_agent.sources.framing import Framing, source_target
from vedette_agent.sources.interface import Collection
from vedette_shared.addresses import Address
from vedette_shared.clock import ManualClock
from vedette_shared.frames import decode_target
from vedette_shared.http import Request, Response, serve
from vedette_shared.labels import make_labels
from vedette_shared.listening import bound_address, listen_on
from vedette_shared.metrics import MetricFamily, MetricType, Sample

PAGE = b"# HELP mysql_up Whether it is.\n# TYPE mysql_up gauge\nmysql_up 1\n"
FAMILIES = [MetricFamily("mysql_up", MetricType.GAUGE, "Whether it is.", "", [Sample("mysql_up", (), 1.0)])]
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
BARE = PROTOBUF.replace(" ", "")
MOST_BYTES = 1 << 20


def source_of(port: int, path: str = "/metrics", **more: object) -> AppSource:
    target = TargetConfig(f"http://127.0.0.1:{port}{path}", "mysql", **more)  # type: ignore[arg-type]
    fetcher = make_fetcher(target, MOST_BYTES)
    return AppSource(
        target, fetcher, interval_ms=15_000, timeout=1.0, host="h", labels={"rack": "r1"}, clock=ManualClock(NOW)
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE, "text/plain; version=0.0.4; charset=utf-8"),
        (PAGE, ""),
        (PAGE + b"# EOF\n", OPENMETRICS),
        (encode_page(FAMILIES), PROTOBUF),
    ],
)
async def test_a_page(body: bytes, content_type: str) -> None:
    async with pages({"/metrics": Response(200, body, content_type)}) as port:
        assert await source_of(port).collect() == FAMILIES


async def test_a_native_histogram_without_classic_buckets_is_told_of() -> None:
    """What can be had of it is had."""
    native = label("path", "/") + nested(7, number(1, 4) + nested(12, b""))
    page = delimited(family("seconds", MetricType.HISTOGRAM, native))
    async with pages({"/metrics": Response(200, page, PROTOBUF)}) as port:
        source = source_of(port)
        assert source.problems() == {}
        (got,) = await source.collect()
    assert [(sample.name, sample.value) for sample in got.samples] == [
        ("seconds_bucket", 4.0),
        ("seconds_sum", 0.0),
        ("seconds_count", 4.0),
    ]
    told = "1 have no classic buckets: only their sums and counts are taken"
    assert source.problems() == {"native histograms": told}


@pytest.mark.parametrize(
    ("target", "accept"),
    [
        (
            {},
            f"text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.8,{BARE};q=0.7,*/*;q=0.1",
        ),
        (
            {"scrape_protocols": ("PrometheusProto", "PrometheusText1.0.0")},
            f"{BARE};q=0.9,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.8,*/*;q=0.1",
        ),
    ],
)
async def test_what_is_asked_for(target: dict[str, object], accept: str) -> None:
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.header("accept"))
        return Response(200, PAGE)

    listener = listen_on(Address("127.0.0.1", 0))
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, answer, [listener]))
        await source_of(bound_address(listener).port, **target).collect()
        nursery.cancel_scope.cancel()
    assert asked == [accept]


NOW = 1_700_000_000_000
TIMED = b"a 1 %d\nb 2\nc 3 %d\n" % (NOW - 5000, NOW + 600_001)


@pytest.mark.parametrize(
    ("honor_timestamps", "expected", "problems"),
    [
        (
            True,
            [("a", 1.0, NOW - 5000), ("b", 2.0, None)],
            {"timestamps": "1 samples are of more than 10 minutes from now, and left out"},
        ),
        (False, [("a", 1.0, None), ("b", 2.0, None), ("c", 3.0, None)], {}),
    ],
)
async def test_times_of_the_page(
    honor_timestamps: bool, expected: list[tuple[str, float, int | None]], problems: dict[str, str]
) -> None:
    async with pages({"/metrics": Response(200, TIMED)}) as port:
        source = source_of(port, honor_timestamps=honor_timestamps)
        got = await source.collect()
    assert [(s.name, s.value, s.timestamp_ms) for family in got for s in family.samples] == expected
    assert source.problems() == problems


@pytest.mark.parametrize(
    ("body", "honor_timestamps", "said"),
    [
        (b"a 1 5\na 2 5\n", True, "the series a{} stands twice on the page"),
        (b"a 1 5\na 2 6\n", False, "the series a{} stands twice on the page"),
        (
            b"".join(b'a{b="%d"} 1 %d\n' % (i, i) for i in range(501)),
            True,
            "the page states 501 different times, and 500 are the most; with honor_timestamps = false its samples have",
        ),
    ],
)
async def test_times_that_cannot_be(body: bytes, honor_timestamps: bool, said: str) -> None:
    async with pages({"/metrics": Response(200, body)}) as port:
        with pytest.raises(CollectorError) as caught:
            await source_of(port, honor_timestamps=honor_timestamps).collect()
    assert str(caught.value).startswith(said)


async def test_a_large_page_is_read_in_a_thread() -> None:
    lines = b"".join(b'a{b="%d"} %d\n' % (i, i) for i in range(5_000))
    assert len(lines) > LARGE_BYTES
    async with pages({"/metrics": Response(200, lines)}) as port:
        source = source_of(port)
        (family,) = await source.collect()
    assert [sample.value for sample in family.samples] == [float(i) for i in range(5_000)]
    assert source.cpu_seconds() > 0


def test_the_labels_of_its_series() -> None:
    """The host's own, with a job of its own, and host and port as the instance; a page's own ones are renamed."""
    source = source_of(9104, labels={"cluster": "c"})
    target = source_target(source, "h", ())
    expected = make_labels(host="h", job="mysql", instance="127.0.0.1:9104", rack="r1", cluster="c")
    assert (source.name, target) == ("mysql:127.0.0.1:9104", expected)
    family = MetricFamily("a", MetricType.GAUGE, "", "", [Sample("a", make_labels(instance="x", job="y", z="1"), 1.0)])
    (frame,) = Framing(source.name, target, reports_up=True).frames_of(Collection(1, 0.5, [family]))
    assert decode_target(frame.target) == expected
    assert [(one.name, dict(one.labels)) for one in frame.layout.series] == [
        ("a", {"exported_instance": "x", "exported_job": "y", "z": "1"}),
        ("up", {}),
        ("scrape_duration_seconds", {}),
        ("scrape_samples_scraped", {}),
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(503), "/metrics answers 503"),
        (Response(401), "/metrics answers 401: it wants credentials"),
        (Response(200, b"<html>", "text/html; charset=utf-8"), "the page is text/html, not metrics"),
        (Response(200, b"a 1\nb{c=\n"), "the page is malformed: line 2: "),
        (Response(200, b"\xff\xfe"), "the page is malformed: line 1: not valid UTF-8"),
        (Response(200, b'a{b="1"} 1\na{b="1"} 2\n'), "the series a{'b': '1'} stands twice on the page"),
        (Response(200, encode_page(FAMILIES)[:-1], PROTOBUF), "the page is malformed: byte 0: "),
        (Response(200, PAGE, PROTOBUF), "the page is malformed: byte 19: a field of wire type 4"),
        (Response(200, encode_page(FAMILIES) * 2, PROTOBUF), "the series mysql_up{} stands twice on the page"),
        (
            Response(200, b"", PROTOBUF.replace("delimited", "compact-text")),
            "the page is protobuf, but not of delimited messages of io.prometheus.client.MetricFamily",
        ),
        (Response(200, b"#" * (MOST_BYTES + 1)), f"the answer is larger than {MOST_BYTES} bytes"),
    ],
)
async def test_what_is_no_page(answer: Response, said: str) -> None:
    async with pages({"/metrics": answer}) as port:
        with pytest.raises(CollectorError) as caught:
            await source_of(port).collect()
    assert str(caught.value).startswith(said)


TOKENS = ("Bearer one", "Bearer two")
PASSWORDS = ("Basic dTpvbmU=", "Basic dTp0d28=")


@pytest.mark.parametrize(
    ("key", "user", "headers"), [("bearer_token_file", "", TOKENS), ("password_file", "u", PASSWORDS)]
)
async def test_a_secret_that_changes(tmp_path: Path, key: str, user: str, headers: tuple[str, str]) -> None:
    """Its file is read for each page: tokens are renewed while the agent runs."""
    file, wanted = tmp_path / "secret", list(headers)
    file.write_text("one\n")
    async with guarded(lambda: wanted[0], PAGE) as port:
        source = source_of(port, user=user, **{key: file})
        assert await source.collect() == FAMILIES
        wanted.pop(0)
        with pytest.raises(CollectorError, match="/metrics answers 401: it wants credentials"):
            await source.collect()
        file.write_text("two\n")
        assert await source.collect() == FAMILIES
        file.unlink()
        with pytest.raises(CollectorError, match=f"{file}: cannot be read: "):
            await source.collect()


async def test_a_page_without_end_is_left_at_the_limit() -> None:
    """A gigabyte is not read to see that it is too much."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    async with raw(head + b"a 1\n" * 100_000, endless=True) as port:
        with trio.fail_after(30), pytest.raises(CollectorError, match=f"larger than {MOST_BYTES} bytes"):
            await source_of(port).collect()


async def test_garbage() -> None:
    async with raw(bytes(range(256)) * 10) as port:
        with pytest.raises(CollectorError, match="not an HTTP response"):
            await source_of(port).collect()


async def test_a_page_that_does_not_end_is_left_when_the_time_is_over() -> None:
    """The caller bounds the time; the next collection begins anew."""
    async with raw(b"HTTP/1.1 200 OK\r\n\r\n", b"a", pause=0.05, endless=True) as port:
        source = source_of(port)
        for _ in range(2):
            with trio.move_on_after(0.2) as scope:
                await source.collect()
            assert scope.cancelled_caught
