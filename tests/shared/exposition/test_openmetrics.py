"""OpenMetrics 1.0: pages of the specification's own test suite, and what Vedette makes of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import parse_openmetrics, write_openmetrics, write_text
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample, counter, gauge

_SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[4] / "shared"))
_PAGES = _SHARED / "conformance" / "exposition"
_CASES = sorted(_PAGES.glob("openmetrics/parsers/*/test.json"))

needs_pages = pytest.mark.skipif(not _CASES, reason=f"the conformance data is not at {_PAGES}")


@needs_pages
@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.parent.name)
def test_the_suite_of_the_specification(case: Path) -> None:
    """A page is taken or refused as the suite says, and what was taken can be written and taken again."""
    page = (case.parent / "metrics").read_bytes()
    if not json.loads(case.read_text())["shouldParse"]:
        with pytest.raises(ExpositionError, match=r"^line \d+: "):
            parse_openmetrics(page)
        return
    families = parse_openmetrics(page)
    again = parse_openmetrics(write_openmetrics(families))
    if "duplicate_timestamps" not in case.parent.name:  # these differ by less than a millisecond
        assert repr(again) == repr(families)


@needs_pages
@pytest.mark.parametrize("name", ["1histogram.om.txt", "alltypes.5mfs.om.txt"])
def test_pages_that_bend_the_rules_are_taken_leniently(name: str) -> None:
    page = (_PAGES / "textparse" / name).read_bytes()
    families = parse_openmetrics(page, strict=False)
    lines = [line for line in page.decode().splitlines() if not line.startswith("#")]
    assert sum(len(family.samples) for family in families) == len(lines)


def test_families_bear_the_names_of_the_text_format() -> None:
    page = (
        b'# TYPE a counter\n# UNIT a \na_total 1 1.5\na_created 5 1.5\n# TYPE b info\nb_info{v="1"} 1\n'
        b'# TYPE "c.d" gauge\n# HELP "c.d" Q\\"\\n\n{"c.d","e.f"="g"} 2\n# EOF\n'
    )
    families = [
        MetricFamily(
            "a_total", MetricType.COUNTER, samples=[Sample("a_total", (), 1, 1500), Sample("a_created", (), 5, 1500)]
        ),
        MetricFamily("b_info", MetricType.INFO, samples=[Sample("b_info", (("v", "1"),), 1)]),
        MetricFamily("c.d", MetricType.GAUGE, 'Q"\n', samples=[Sample("c.d", (("e.f", "g"),), 2)]),
    ]
    assert parse_openmetrics(page) == families
    assert parse_openmetrics(write_openmetrics(families)) == families
    assert write_text(families).decode() == (
        '# TYPE a_total counter\na_total 1 1500\n# TYPE b_info gauge\nb_info{v="1"} 1\n'
        '# HELP "c.d" Q"\\n\n# TYPE "c.d" gauge\n{"c.d","e.f"="g"} 2\n# TYPE a_created gauge\na_created 5 1500\n'
    )


def test_names_that_openmetrics_forbids_become_unknown() -> None:
    """Series keep their names in every format; a family whose name does not fit its type loses the type instead."""
    families = [
        gauge("a", "", 1),
        counter("a_total", "", 2),
        counter("plain", "", 3),
        MetricFamily("x_bytes", MetricType.GAUGE, unit="bytes", samples=[Sample("x_bytes", (), 4)]),
        MetricFamily("y", MetricType.GAUGE, unit="bytes", samples=[Sample("y", make_labels(b="c"), 5, -1001)]),
    ]
    page = write_openmetrics(families)
    assert page.decode() == (
        "# TYPE a gauge\na 1\n# TYPE a_total unknown\na_total 2\n# TYPE plain unknown\nplain 3\n"
        '# TYPE x_bytes gauge\n# UNIT x_bytes bytes\nx_bytes 4\n# TYPE y gauge\ny{b="c"} 5 -1.001\n# EOF\n'
    )
    assert [family.name for family in parse_openmetrics(page)] == ["a", "a_total", "plain", "x_bytes", "y"]


@pytest.mark.parametrize(
    ("page", "line"),
    [
        (b'# TYPE h histogram\nh_bucket{le="+Inf"} 1.5\n# EOF\n', 2),
        (b"# TYPE a gauge\na 1\na 2\n# EOF\n", 3),
        (b"a 1\nb 1\na 2\n# EOF\n", 3),
        (b"# TYPE h histogram\nh_sum 1\n# TYPE b gauge\nb 1\n# EOF\n", 2),
        (b"a 1\n", 1),
        (b"a \xff\n# EOF\n", 1),
    ],
)
def test_the_line_at_fault_is_named(page: bytes, line: int) -> None:
    with pytest.raises(ExpositionError) as caught:
        parse_openmetrics(page)
    assert caught.value.line == line
