"""Numbers as Go writes them, and regular expressions as RE2 has them."""

from __future__ import annotations

import math

import pytest

from vedette_server.promql.numbers import format_fixed, format_general, format_open_metrics, quote_bytes
from vedette_server.promql.regex import RegexError, compile_anchored, quote_regex


@pytest.mark.parametrize(
    ("value", "fixed", "general", "open_metrics"),
    [
        (0.0, "0", "0", "0.0"),
        (-0.0, "-0", "-0", "-0.0"),
        (1.0, "1", "1", "1.0"),
        (0.25, "0.25", "0.25", "0.25"),
        (100_000.0, "100000", "100000", "100000.0"),
        (1_234_567.0, "1234567", "1.234567e+06", "1.234567e+06"),
        (1e21, "1000000000000000000000", "1e+21", "1e+21"),
        (1.5e-7, "0.00000015", "1.5e-07", "1.5e-07"),
        (-12.5, "-12.5", "-12.5", "-12.5"),
        (math.inf, "+Inf", "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN", "NaN"),
    ],
)
def test_numbers_as_texts(value: float, fixed: str, general: str, open_metrics: str) -> None:
    assert (format_fixed(value), format_general(value), format_open_metrics(value)) == (fixed, general, open_metrics)


def test_bytes_in_quotes() -> None:
    assert quote_bytes('a"\\\n\udcc5z\x01') == '"a\\"\\\\\\n\\xc5z\\x01"'


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a", ["a"], ["ab", "ba", ""]),
        ("a|bc|", ["a", "bc", ""], ["ab"]),
        ("a.c", ["abc", "a\nc"], ["ac"]),
        ("(?i:abc)", ["ABC"], ["x"]),
        ("a+|b", ["aaa", "b"], ["ab"]),
        ("", [""], ["a"]),
    ],
)
def test_expressions_are_anchored(pattern: str, matching: list[str], other: list[str]) -> None:
    regex = compile_anchored(pattern)
    assert all(regex.matches(text) for text in matching)
    assert not any(regex.matches(text) for text in other)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?=a)", "[z-a]"])
def test_what_is_not_re2_is_an_error(pattern: str) -> None:
    with pytest.raises(RegexError, match="error parsing regexp"):
        compile_anchored(pattern)


@pytest.mark.parametrize(
    ("pattern", "template", "value", "expected"),
    [
        ("(.*)-(.*)", "$2/$1", "a-b", "b/a"),
        ("(?P<x>.*)", "${x}y", "a", "ay"),
        ("(.*)", "$1x", "a", ""),
        ("(.*)", "$$1", "a", "$1"),
        ("(.*)", "$9", "a", ""),
        ("a", "b", "a", "b"),
        ("a", "b", "c", None),
    ],
)
def test_templates_expand_as_in_go(pattern: str, template: str, value: str, expected: str | None) -> None:
    assert compile_anchored(pattern).expander(template)(value) == expected


def test_a_quoted_text_matches_itself_alone() -> None:
    text = r"a.b*c[d]{e}(f)^$|\+?"
    assert compile_anchored(quote_regex(text)).matches(text)
    assert not compile_anchored(quote_regex("a.b")).matches("axb")
