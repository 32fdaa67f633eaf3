"""Pages of protobuf: what is read, what is refused, and that real exporters say the same in it as in text."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared.exposition.protobuf_pages import (
    TYPES,
    delimited,
    double,
    encode_page,
    family,
    label,
    nested,
    number,
    varint,
)
from vedette_shared.addresses import Address
from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import format_value, parse_protobuf, parse_text
from vedette_shared.labels import Labels, make_labels, with_labels
from vedette_shared.listening import bound_address, listen_on
from vedette_shared.metrics import MetricFamily, MetricType, Sample

_SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[4] / "shared"))
_PAGES = _SHARED / "conformance/exposition/expfmt"
ACCEPT = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

COUNTER, GAUGE, SUMMARY, UNKNOWN, HISTOGRAM, GAUGE_HISTOGRAM = TYPES

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
texts = st.text('a_."\\{}\n \x00é€🙂', max_size=5)
names = st.text('a_."\\{}\n \x00é€🙂', min_size=1, max_size=5)
label_sets = st.dictionaries(names, names, max_size=3).map(make_labels)
counts = st.integers(0, 2**53).map(float)
times = st.none() | st.integers(-(2**63), 2**63 - 1).filter(bool)
doubles = st.floats()


@st.composite
def families_of_one_name(draw: st.DrawFn, name: str) -> MetricFamily:
    kind = draw(st.sampled_from(TYPES))
    one = MetricFamily(name, kind, draw(texts), draw(texts))
    for labels in draw(st.lists(label_sets, unique=True, max_size=3)):
        timestamp = draw(times)
        if kind in (COUNTER, GAUGE, UNKNOWN):
            one.samples.append(Sample(name, labels, draw(doubles), timestamp))
            continue
        if kind is SUMMARY:
            rows = [
                (name, with_labels(labels, quantile=format_value(quantile)), draw(doubles))
                for quantile in draw(st.lists(st.floats(0, 1), unique=True, max_size=3))
            ]
        else:
            bounds = [*draw(st.lists(st.floats(allow_nan=False, max_value=1e300), unique=True, max_size=3)), inf]
            rows = [(f"{name}_bucket", with_labels(labels, le=format_value(bound)), draw(counts)) for bound in bounds]
        rows += [(f"{name}_sum", labels, draw(doubles)), (f"{name}_count", labels, draw(counts))]
        one.samples += [Sample(*row, timestamp) for row in rows]
    return one


pages_of_families = st.lists(names, unique=True, max_size=3).flatmap(
    lambda chosen: st.tuples(*(families_of_one_name(name) for name in chosen))
)


@unhurried
@given(pages_of_families)
def test_what_is_written_is_read(families: tuple[MetricFamily, ...]) -> None:
    assert repr(parse_protobuf(encode_page(families)).families) == repr([*families])


@unhurried
@given(pages_of_families, st.data())
def test_a_page_that_is_cut_short_is_refused_but_between_two_families(
    families: tuple[MetricFamily, ...], data: st.DataObject
) -> None:
    page = encode_page(families)
    whole = {len(encode_page(families[:count])): families[:count] for count in range(len(families) + 1)}
    end = data.draw(st.integers(0, len(page)))
    if end in whole:
        assert repr(parse_protobuf(page[:end]).families) == repr([*whole[end]])
    else:
        with pytest.raises(ExpositionError, match=r"^byte \d+: "):
            parse_protobuf(page[:end])


@unhurried
@given(pages_of_families, st.lists(st.tuples(st.integers(0), st.integers(1, 255)), max_size=4), st.binary(max_size=20))
def test_damage_is_an_error_or_another_page(
    families: tuple[MetricFamily, ...], flips: list[tuple[int, int]], garbage: bytes
) -> None:
    """Whatever stands there, there is no other failure."""
    page = bytearray(encode_page(families))
    for place, mask in flips if page else ():
        page[place % len(page)] ^= mask
    for damaged in (bytes(page), bytes(page) + garbage, garbage):
        try:
            parse_protobuf(damaged)
        except ExpositionError as error:
            assert str(error).startswith(f"byte {error.byte}: ")  # noqa: PT017  both ways are right


A: Labels = (("a", "b"),)


def le(bound: str) -> Labels:
    return make_labels(a="b", le=bound)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            nested(1, "c") + nested(4, nested(3, double(1, 2.5))),
            MetricFamily("c", COUNTER, samples=[Sample("c", (), 2.5)]),
            id="no type is a counter: encoders of proto3 leave 0 out",
        ),
        pytest.param(
            family("g", GAUGE, nested(2, b"")),
            MetricFamily("g", GAUGE, samples=[Sample("g", (), 0.0)]),
            id="a value that is left out is 0",
        ),
        pytest.param(
            nested(4, label("a", "b") + nested(2, double(1, 1))) + number(3, 1) + nested(1, "g"),
            MetricFamily("g", GAUGE, samples=[Sample("g", A, 1)]),
            id="fields in any order",
        ),
        pytest.param(
            family("g", GAUGE, nested(2, double(1, 1)) + label("x", "") + label("a", "b")),
            MetricFamily("g", GAUGE, samples=[Sample("g", A, 1)]),
            id="labels behind the value, one without a value",
        ),
        pytest.param(
            family("g", GAUGE, nested(2, double(1, 1)) + number(6, -5), nested(2, double(1, 2)) + label("a", "b")),
            MetricFamily("g", GAUGE, samples=[Sample("g", (), 1, -5), Sample("g", A, 2)]),
            id="timestamps",
        ),
        pytest.param(
            family("g", GAUGE, nested(2, double(1, 1)) + number(6, 0)),
            MetricFamily("g", GAUGE, samples=[Sample("g", (), 1)]),
            id="0 is no timestamp",
        ),
        pytest.param(
            family("c", COUNTER, nested(3, double(1, 7) + nested(2, label("t", "1") + double(2, 7)) + nested(3, b""))),
            MetricFamily("c", COUNTER, samples=[Sample("c", (), 7)]),
            id="exemplar and time of creation are left out",
        ),
        pytest.param(
            family("c", COUNTER, nested(3, double(1, 7)) + nested(99, b"new")) + number(98, 1),
            MetricFamily("c", COUNTER, samples=[Sample("c", (), 7)]),
            id="fields that are not known yet",
        ),
        pytest.param(
            family(
                "h",
                HISTOGRAM,
                label("a", "b")
                + nested(7, number(1, 4) + double(2, 9.5) + nested(3, number(1, 3) + double(2, 1e6) + nested(3, b""))),
            ),
            MetricFamily(
                "h",
                HISTOGRAM,
                samples=[
                    Sample("h_bucket", le("1e+06"), 3),
                    Sample("h_bucket", le("+Inf"), 4),
                    Sample("h_sum", A, 9.5),
                    Sample("h_count", A, 4),
                ],
            ),
            id="a histogram without the last bucket",
        ),
        pytest.param(
            family(
                "h",
                GAUGE_HISTOGRAM,
                label("a", "b") + nested(7, double(4, 1.5) + nested(3, double(4, 0.5) + double(2, 1))),
            ),
            MetricFamily(
                "h",
                GAUGE_HISTOGRAM,
                samples=[
                    Sample("h_bucket", le("1"), 0.5),
                    Sample("h_bucket", le("+Inf"), 1.5),
                    Sample("h_sum", A, 0),
                    Sample("h_count", A, 1.5),
                ],
            ),
            id="counts that are no whole numbers",
        ),
    ],
)
def test_a_family(message: bytes, expected: MetricFamily) -> None:
    assert parse_protobuf(delimited(message)) == ([expected], 0)


NATIVE = nested(7, number(1, 4) + double(2, 9.5) + number(5, 6) + nested(12, number(2, 1)) + nested(13, varint(8)))


def test_a_native_histogram_has_what_the_text_format_has_of_it_and_is_counted() -> None:
    page = parse_protobuf(delimited(family("n", HISTOGRAM, NATIVE, label("a", "b") + NATIVE), family("b", HISTOGRAM)))
    assert page.native_only == 2
    assert page.families[0].samples[:3] == [
        Sample("n_bucket", (("le", "+Inf"),), 4),
        Sample("n_sum", (), 9.5),
        Sample("n_count", (), 4),
    ]
    both = nested(7, NATIVE[2:] + nested(3, number(1, 3) + double(2, 1)))
    assert parse_protobuf(delimited(family("n", HISTOGRAM, both))).native_only == 0


def test_families_of_one_name_are_one() -> None:
    first, second = (family("g", GAUGE, label("a", text) + nested(2, double(1, 1))) for text in "bc")
    (one,) = parse_protobuf(delimited(first, second)).families
    assert [sample.labels for sample in one.samples] == [(("a", "b"),), (("a", "c"),)]


def deep(levels: int) -> bytes:
    message = b""
    for _ in range(levels):
        message = nested(4, message)
    return message


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param(b"# TYPE a gauge\na 1\n", "byte 0: 35 bytes should follow, and 18 do", id="text"),
        pytest.param(b"\x1f\x8b\x08", "byte 0: 31 bytes should follow", id="gzip"),
        pytest.param(b"\xff" * 12, "byte 0: a number of more than ten bytes", id="a length without end"),
        pytest.param(varint(-1) + b"a", "byte 0: 18446744073709551615 bytes should follow", id="a negative length"),
        pytest.param(delimited(nested(1, "a") + b"\x0f"), "byte 4: a field of wire type 7", id="wire type"),
        pytest.param(delimited(b"\x0a" + varint(-3)), "byte 2: 18446744073709551613 bytes", id="a negative name"),
        pytest.param(delimited(b"\x0b"), "byte 1: a field of wire type 3", id="a group"),
        pytest.param(delimited(b"\x00\x00"), "byte 1: a field of number 0", id="number 0"),
        pytest.param(delimited(b"\x0a\x01\xff"), "byte 3: not valid UTF-8", id="the name is not UTF-8"),
        pytest.param(
            delimited(family("g", GAUGE, nested(1, nested(1, "a") + nested(2, b"x\xff")) + nested(2, b""))),
            "byte 16: a label is damaged or not valid UTF-8",
            id="a label is not UTF-8",
        ),
        pytest.param(delimited(number(3, 1)), "byte 1: a family has no name", id="no name"),
        pytest.param(delimited(nested(1, "g") + number(3, 6)), "byte 1: g is of type 6", id="a new type"),
        pytest.param(delimited(number(1, 5)), "byte 1: field 1 is of wire type 0", id="another message"),
        pytest.param(delimited(deep(1000)), "byte 2: a family has no name", id="deep nesting"),
        pytest.param(
            delimited(family("g", GAUGE, nested(3, double(1, 1)))),
            "byte 8: a metric of g has no value as a gauge has it",
            id="a counter's value in a gauge",
        ),
        pytest.param(
            delimited(family("g", GAUGE, label("a", "b") * 2 + nested(2, b""))), "byte 8: label names", id="label twice"
        ),
        pytest.param(
            delimited(family("g", GAUGE, label("__name__", "n") + nested(2, b""))),
            "byte 8: a label cannot be __name__",
            id="another name",
        ),
        pytest.param(
            delimited(family("h", HISTOGRAM, label("le", "1") + nested(7, b""))), "byte ", id="a label le of its own"
        ),
        pytest.param(delimited(family("h", HISTOGRAM, nested(7, nested(3, b"") * 2))), "byte ", id="one bucket twice"),
        pytest.param(
            delimited(family("s", SUMMARY, nested(4, nested(3, b"") * 2))),
            "byte 14: s has the quantile 0 twice",
            id="one quantile twice",
        ),
        pytest.param(
            delimited(family("h", HISTOGRAM, nested(7, number(2, 1)))), "byte 10: field 2 is of", id="another sum"
        ),
        pytest.param(
            delimited(family("g", GAUGE), family("g", COUNTER)),
            "byte 7: g is a gauge, and comes again as a counter",
            id="two types",
        ),
    ],
)
def test_what_is_refused(page: bytes, said: str) -> None:
    with pytest.raises(ExpositionError) as caught:
        parse_protobuf(page)
    assert str(caught.value).startswith(said)


@pytest.mark.skipif(not _PAGES.is_dir(), reason=f"the conformance data is not at {_PAGES}")
def test_a_page_of_a_library_says_what_its_text_says() -> None:
    families = parse_protobuf((_PAGES / "protobuf").read_bytes()).families
    assert _by_name(families) == _by_name(parse_text((_PAGES / "text").read_bytes()))


@pytest.mark.parametrize("program", ["prometheus", "prometheus-node-exporter"])
def test_a_real_exporter_says_in_it_what_its_text_says(program: str, tmp_path: Path) -> None:
    """Of values those are compared that were the same before and after, and so in between, as they only grow."""
    with _exporter(program, tmp_path) as url:
        before = _by_name(parse_text(_get(url, "text/plain")))
        read = _by_name(parse_protobuf(_get(url, ACCEPT)).families)
        after = _by_name(parse_text(_get(url, "text/plain")))
    assert {name: _shape(one) for name, one in read.items()} == {name: _shape(one) for name, one in after.items()}
    grows = [name for name, one in before.items() if one.type in (COUNTER, HISTOGRAM) or name.endswith("_info")]
    stable = [name for name in grows if before[name] == after.get(name)]
    assert len(stable) > 20
    assert [read[name] for name in stable] == [before[name] for name in stable]


def _by_name(families: list[MetricFamily]) -> dict[str, MetricFamily]:
    return {one.name: one for one in families}


def _shape(one: MetricFamily) -> tuple[MetricType, str, set[tuple[str, Labels]]]:
    return one.type, one.help, {(sample.name, sample.labels) for sample in one.samples}


def _get(url: str, accept: str) -> bytes:
    response = httpx.get(url, headers={"Accept": accept})
    assert response.headers["content-type"].startswith(accept.partition(";")[0])
    return response.content


@contextmanager
def _exporter(program: str, folder: Path) -> Iterator[str]:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    with listen_on(Address("127.0.0.1", 0)) as listener:
        address = str(bound_address(listener))
    options: list[str] = []
    if program == "prometheus":
        (folder / "prometheus.yml").write_text("")
        options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    process = subprocess.Popen([program, f"--web.listen-address={address}", *options], stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            try:
                httpx.get(f"http://{address}/metrics")
                break
            except httpx.TransportError:
                time.sleep(0.02)
        yield f"http://{address}/metrics"
    finally:
        process.terminate()
        process.wait(20)
