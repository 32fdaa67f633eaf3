"""Pages become vectors; what a page looks like is learned once."""

from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_server.scrape.errors import LimitError
from vedette_server.scrape.page import OWN_NAMES, OWN_ONLY, FormCache, LabelRules, PageReader, Reading
from vedette_server.scrape.page.kernels import NO_TIME
from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import parse_openmetrics, parse_text
from vedette_shared.frames import decode_target
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricType

TARGET = make_labels(host="h", instance="i", job="j")
_SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[4] / "shared"))


def _reader(rules: LabelRules | None = None, cache: FormCache | None = None) -> PageReader:
    return PageReader(rules or LabelRules(), TARGET, cache or FormCache())


def _flat(reading: Reading) -> dict[tuple[Labels, str, Labels], float]:
    """Every value by (target, name, labels), without the scrape's own."""
    found = {}
    for part in reading.shape.parts:
        target = TARGET if part.target is None else decode_target(part.target)
        values = memoryview(part.values(reading.vector)).cast("d")
        for series, value in zip(part.layout.series, values, strict=True):
            found[target, series.name, series.labels] = value
    for name in OWN_NAMES:
        assert found.pop((TARGET, name, ())) == 0
    return found


def _values(reading: Reading) -> dict[tuple[str, Labels], float]:
    return {(name, labels): value for (_, name, labels), value in _flat(reading).items()}


def test_a_page_like_the_one_before_is_read_without_learning() -> None:
    reader = _reader()
    first = reader.read(b'# TYPE a counter\na{x="1"} 1\na{x="2"} 2\n', openmetrics=False)
    second = reader.read(b'# TYPE a counter\na{x="1"} 3\na{x="2"} NaN\n', openmetrics=False)
    assert reader.learned == 1
    assert second.shape is first.shape
    assert repr(_values(second)) == repr({("a", (("x", "1"),)): 3.0, ("a", (("x", "2"),)): float("nan")})
    assert second.shape.added_to(first.shape) == 0


def test_the_layout_groups_families_and_knows_their_metadata() -> None:
    page = b'# TYPE h histogram\n# HELP h Text.\nh_sum 1\nother 5\nh_count 2\nup 7\nh_bucket{le="+Inf"} 2\n'
    reader = _reader()
    for _ in range(2):
        reading = reader.read(page, openmetrics=False)
        layout = reading.shape.parts[0].layout
        metadata = [(layout.families[each.family].name, each.name) for each in layout.series]
        assert metadata == [
            *((name, name) for name in OWN_NAMES),
            ("h", "h_sum"),
            ("h", "h_count"),
            ("h", "h_bucket"),
            ("other", "other"),
        ]
        assert layout.families[-2].type is MetricType.HISTOGRAM
        assert layout.families[-2].help == "Text."
        assert list(_values(reading).values()) == [1, 2, 2, 5]
    assert reading.shape.samples == 5


def test_series_in_another_order_are_followed() -> None:
    lines = [f'm{{a="{number}"}} {number}' for number in range(50)]
    reader = _reader()
    first = reader.read("\n".join(lines).encode(), openmetrics=False)
    random.Random(4).shuffle(lines)
    for _ in range(2):
        reading = reader.read("\n".join(lines).encode(), openmetrics=False)
        assert reading.shape is first.shape
        assert _values(reading) == _values(first)
    assert reader.learned == 2


@pytest.mark.parametrize(
    "page",
    [b"a 1\n", b"a 1\nb 2\nc 3\n", b"a 1\na 2\nb 3\n", b"a 1 5\nb 2\n", b"# TYPE a counter\na 1\nb 2\n", b"a 1\nc 2\n"],
)
def test_a_changed_page_is_learned_anew(page: bytes) -> None:
    reader = _reader()
    before = reader.read(b"a 1\nb 2\n", openmetrics=False)
    after = reader.read(page, openmetrics=False)
    assert after.shape is not before.shape
    assert _values(after) == _values(_reader().read(page, openmetrics=False))


def test_the_series_that_were_not_there_before_are_counted() -> None:
    reader = _reader()
    first = reader.read(b"a 1\nb 2\n", openmetrics=False)
    second = reader.read(b"b 1\nc 2\nd 3\n", openmetrics=False)
    assert (first.shape.added_to(None), second.shape.added_to(first.shape), first.shape.added_to(OWN_ONLY)) == (2, 2, 2)


def test_the_first_of_two_samples_of_a_series_stands() -> None:
    reading = _reader().read(b'a{x="1"} 1\na{x="1"} 2\nup 9\n', openmetrics=False)
    assert _values(reading) == {("a", (("x", "1"),)): 1}
    assert reading.shape.samples == 3


def test_timestamps_are_honoured_or_not() -> None:
    page = b"a 1 1000\nb 2\n"
    for _ in range(2):
        reader = _reader()
        reading = reader.read(page, openmetrics=False)
        assert _values(reading) == {("b", ()): 2}
        assert reading.shape.loose_labels == (make_labels(dict(TARGET), __name__="a"),)
        assert reading.times[reading.shape.loose].tolist() == [1000]
    ignoring = _reader(LabelRules(honor_timestamps=False)).read(page, openmetrics=False)
    assert _values(ignoring) == {("a", ()): 1, ("b", ()): 2}


def test_honoured_labels_make_targets_of_their_own() -> None:
    page = b'a{job="x"} 1\na{job="y",k="v"} 2\na 3\nb{instance=""} 4\n'
    reader = _reader(LabelRules(honor_labels=True))
    expected = {
        (TARGET, "a", ()): 3.0,
        (make_labels(host="h", instance="i", job="x"), "a", ()): 1.0,
        (make_labels(host="h", instance="i", job="y"), "a", (("k", "v"),)): 2.0,
        (make_labels(host="h", job="j"), "b", ()): 4.0,
    }
    for _ in range(2):
        assert _flat(reader.read(page, openmetrics=False)) == expected


def test_targets_with_the_same_page_share_its_form() -> None:
    cache = FormCache()
    first, second = _reader(cache=cache), _reader(cache=cache)
    shape = first.read(b"a 1\n", openmetrics=False).shape
    assert second.read(b"a 2\n", openmetrics=False).shape is shape
    assert second.learned == 0


def test_a_form_that_nobody_uses_is_let_go() -> None:
    cache = FormCache()
    reader = _reader(cache=cache)
    for number in range(20):
        reader.read(f"a{number} 1\n".encode(), openmetrics=False)
    gc.collect()
    assert len(cache._by_template) <= 5


def test_openmetrics_pages() -> None:
    page = (
        '# TYPE a counter\n# UNIT a \na_total{x="é"} 1 # {id="7"} 1\na_created{x="é"} 5\n'
        "# TYPE b info\nb_info 1\n# EOF\n"
    )
    reader = _reader()
    for exemplar in ('# {id="7"} 1', '# {id="8"} 2 3', ""):
        text = page.replace(' # {id="7"} 1', f" {exemplar}".rstrip())
        reading = reader.read(text.encode(), openmetrics=True)
        assert _values(reading) == {
            ("a_total", (("x", "é"),)): 1,
            ("a_created", (("x", "é"),)): 5,
            ("b_info", ()): 1,
        }
    assert reader.learned == 1
    assert [family.name for family in reading.shape.parts[0].layout.families[-2:]] == ["a_total", "b_info"]


@pytest.mark.parametrize(
    ("page", "openmetrics", "line"),
    [
        (b"a 1\nb\n", False, 2),
        (b"a 1\nb 1_0\n", False, 2),
        (b'a 1\nb{x="\xff"} 1\n', False, 2),
        (b"a 1\n", True, 1),
        (b"a 1\n\n# EOF\n", True, 2),
        (b"<html>\n", False, 1),
    ],
)
def test_a_malformed_page_is_refused_and_nothing_is_forgotten(page: bytes, openmetrics: bool, line: int) -> None:
    reader = _reader()
    reader.read(b"a 1\nb 2\n", openmetrics=False)
    with pytest.raises(ExpositionError) as caught:
        reader.read(page, openmetrics=openmetrics)
    assert caught.value.line == line
    assert _values(reader.read(b"a 3\nb 4\n", openmetrics=False)) == {("a", ()): 3, ("b", ()): 4}
    assert reader.learned == 2


def test_a_page_beyond_its_sample_limit_is_refused() -> None:
    with pytest.raises(LimitError, match="the page has 3 samples; sample_limit is 2"):
        _reader(LabelRules(sample_limit=2)).read(b"a 1\nb 2\nc 3\n", openmetrics=False)


def test_an_empty_page_is_a_page() -> None:
    reading = _reader().read(b"", openmetrics=False)
    assert _values(reading) == {}
    assert reading.times.tolist() == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("123"), st.floats(allow_nan=False)), max_size=12))
def test_what_was_read_before_changes_no_reading(samples: list[tuple[str, str, float]]) -> None:
    """Whatever page came before, a page reads as by a reader that has seen none."""
    page = "".join(f'{name}{{x="{label}"}} {value!r}\n' for name, label, value in samples).encode()
    reader = _reader()
    reader.read(b'a{x="1"} 1\nb{x="1"} 1\n', openmetrics=False)
    first, again = reader.read(page, openmetrics=False), reader.read(page, openmetrics=False)
    fresh = _values(_reader().read(page, openmetrics=False))
    assert _values(first) == _values(again) == fresh


@pytest.mark.skipif(not (_SHARED / "conformance").is_dir(), reason=f"the conformance data is not at {_SHARED}")
@pytest.mark.parametrize(
    ("name", "openmetrics"),
    [
        ("exposition/textparse/alltypes.237mfs.prom.txt", False),
        ("exposition/textparse/alltypes.5mfs.om.txt", True),
        ("exposition/textparse/1histogram.om.txt", True),
        ("node_exporter/fixtures/e2e-output.txt", False),
    ],
)
def test_whole_pages_of_real_exporters(name: str, openmetrics: bool) -> None:
    """The quick reader agrees with the plain parser, on the first page and on the next."""
    page = (_SHARED / "conformance" / name).read_bytes()
    families = parse_openmetrics(page, strict=False) if openmetrics else parse_text(page)
    expected = {(sample.name, sample.labels): sample.value for family in families for sample in family.samples}
    reader = _reader()
    for _ in range(2):
        reading = reader.read(page, openmetrics=openmetrics)
        found = _values(reading)
        loose = dict(zip(reading.shape.loose_labels, reading.times[reading.shape.loose], strict=True))
        assert repr(found) == repr({key: value for key, value in expected.items() if key in found})
        assert len(found) + len(loose) == len(expected)
        assert NO_TIME not in loose.values()
    assert reader.learned == 1
