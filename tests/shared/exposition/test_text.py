"""The text format 0.0.4: what is written, what is read, what is refused."""

from __future__ import annotations

import pytest

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import parse_text, write_text
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample, gauge


def test_families_of_one_name_are_merged_under_one_head() -> None:
    first, other, second = gauge("a", "The a.", 1), gauge("b", "", 2.5), gauge("a", "Another help.")
    second.add(3, make_labels(x="y"))
    assert write_text([first, other, second]) == (
        b'# HELP a The a.\n# TYPE a gauge\na 1\na{x="y"} 3\n# TYPE b gauge\nb 2.5\n'
    )


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (MetricType.COUNTER, "counter"),
        (MetricType.HISTOGRAM, "histogram"),
        (MetricType.SUMMARY, "summary"),
        (MetricType.INFO, "gauge"),
        (MetricType.STATE_SET, "gauge"),
        (MetricType.UNKNOWN, "untyped"),
    ],
)
def test_each_type_has_a_word_of_the_format(kind: MetricType, word: str) -> None:
    assert write_text([MetricFamily("m", kind)]) == f"# TYPE m {word}\n".encode()


def test_what_needs_escapes_or_quotes_has_them() -> None:
    family = MetricFamily("a.b", MetricType.GAUGE, "back\\slash\nline", samples=[])
    family.samples.append(Sample("a.b", make_labels({"l.m": 'q"\\\n'}), 1, 1234))
    page = b'# HELP "a.b" back\\\\slash\\nline\n# TYPE "a.b" gauge\n{"a.b","l.m"="q\\"\\\\\\n"} 1 1234\n'
    assert write_text([family]) == page
    assert parse_text(page) == [family]


def test_samples_join_the_family_that_their_type_says() -> None:
    page = (
        b'# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum 3\nh_count 2\nh_total 9\n'
        b'# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 2\ns_count 2\n\n # a comment\n\tu\t4\t-5\t\n'
    )
    assert parse_text(page) == [
        MetricFamily(
            "h",
            MetricType.HISTOGRAM,
            samples=[
                Sample("h_bucket", (("le", "1"),), 2),
                Sample("h_sum", (), 3),
                Sample("h_count", (), 2),
            ],
        ),
        MetricFamily("h_total", MetricType.UNKNOWN, samples=[Sample("h_total", (), 9)]),
        MetricFamily(
            "s",
            MetricType.SUMMARY,
            samples=[Sample("s", (("quantile", "0.5"),), 1), Sample("s_sum", (), 2), Sample("s_count", (), 2)],
        ),
        MetricFamily("u", MetricType.UNKNOWN, samples=[Sample("u", (), 4, -5)]),
    ]


@pytest.mark.parametrize(
    ("line", "series"),
    [
        ('m { a = "b" , c = "d" , } 1', ("m", (("a", "b"), ("c", "d")))),
        ("m{} 1", ("m", ())),
        ('m{a=""} 1', ("m", ())),
        ('m{a="}"}1', ("m", (("a", "}"),))),
        ('m{a="x y # z"} 1', ("m", (("a", "x y # z"),))),
        ('{"m.x"} 1', ("m.x", ())),
        ('{"m.x", "a.b"="c"} 1', ("m.x", (("a.b", "c"),))),
        ('m{"a.b"="c"} 1', ("m", (("a.b", "c"),))),
        ('m{a="\r"} 1', ("m", (("a", "\r"),))),
    ],
)
def test_series_as_the_format_allows_them(line: str, series: tuple[str, object]) -> None:
    (family,) = parse_text(line.encode())
    assert [(sample.name, sample.labels, sample.value) for sample in family.samples] == [(*series, 1.0)]


@pytest.mark.parametrize(
    "line",
    [
        "m",
        "m ",
        'm{a="b"}',
        "m 1 2 3",
        "m 1 2.5",
        "m 1_000",
        "m 0x1p3",
        "m 1\r",
        "m one",
        "1m 1",
        "{} 1",
        '{a="b"} 1',
        'm{"m"} 1',
        'm{a="b"',
        "m{a=b} 1",
        'm{a="b" c="d"} 1',
        'm{a="b",,} 1',
        'm{a="1",a="2"} 1',
        'm{1a="b"} 1',
        'm{__name__="n"} 1',
        'm{a="b", __name__="n"} 1',
        '{"m",__name__="n"} 1',
        "m 1 99999999999999999999",
        "# TYPE m nonsense",
        b'm{a="\xff"} 1',
        'm{a="b"} 1 # {} 2',
    ],
)
def test_a_malformed_line_is_named(line: str | bytes) -> None:
    page = b"ok 1\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n"
    with pytest.raises(ExpositionError, match=r"^line 2: "):
        parse_text(page)
