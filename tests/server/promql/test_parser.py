"""What is PromQL and what is not, where a text goes wrong, and what the tree says."""

from __future__ import annotations

import math

import pytest

from vedette_server.promql import ParseError, format_query, parse
from vedette_server.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Edge,
    MatrixSelector,
    NumberLiteral,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from vedette_server.storage.interface import Matcher, MatchOp

_SHIFTABLE = "an instant vector selector or range vector selector or a subquery"
_ARITHMETIC = "scalar or instant vector"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("+1", 1),
        ("-1", -1),
        ("1.5", 1.5),
        ("5.", 5),
        (".5", 0.5),
        ("1e3", 1000),
        ("1E-2", 0.01),
        ("1_000_000", 1_000_000),
        ("0x8f", 143),
        ("0X_Ff", 255),
        ("010", 8),
        ("08", 8),
        ("+Inf", math.inf),
        ("-inf", -math.inf),
        ("1m30s", 90),
        ("5ms", 0.005),
        ("-1h", -3600),
    ],
)
def test_numbers(text: str, value: float) -> None:
    expr = parse(text)
    assert isinstance(expr, NumberLiteral)
    assert expr.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a\\tb"', "a\tb"),
        ("'it\\'s'", "it's"),
        ("`raw \\n`", "raw \\n"),
        ('"\\u00e4\\x41\\101"', "äAA"),
        ('"\\xff"', "\udcff"),
        ('"ä"', "ä"),
    ],
)
def test_strings(text: str, value: str) -> None:
    expr = parse(text)
    assert isinstance(expr, StringLiteral)
    assert expr.value == value


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a+b*c", "a + b * c"),
        ("a ^ b ^ c", "a ^ b ^ c"),
        ("-a ^ 2", "-a ^ 2"),
        ("a or b and c unless d", "a or b and c unless d"),
        ("SUM(a) BY (b)", "sum by (b) (a)"),
        ("sum by(b,)(a)", "sum by (b) (a)"),
        ("topk(3, a)", "topk(3, a)"),
        ("count_values without () ('v', a)", 'count_values without () ("v", a)'),
        ("a == bool 1", "a == bool 1"),
        ("a*on(x)group_left(y)b", "a * on (x) group_left (y) b"),
        ("a * on() group_right b", "a * on () group_right () b"),
        ("a + ignoring(x) fill(0) b", "a + ignoring (x) fill (0) b"),
        ("a + fill_left(1) fill_right(-Inf) b", "a + fill_left (1) fill_right (-Inf) b"),
        ('a{b!="c",d=~"e|f",g!~"h.*",}', 'a{b!="c",d=~"e|f",g!~"h.*"}'),
        ('{"my.metric", "my.label"="x"}', '{"my.metric", "my.label"="x"}'),
        ('{__name__="a"}', '{__name__="a"}'),
        ("sum{on='x'}", 'sum{on="x"}'),
        ("rate(a[5m] offset 1d)", "rate(a[5m] offset 1d)"),
        ("a @ 1.5 offset -5m", "a @ 1.500 offset -5m"),
        ("a offset 5m @ start()", "a @ start() offset 5m"),
        ("a[1h:5m] @ end()", "a[1h:5m] @ end()"),
        ("max_over_time(rate(a[5m])[1h:])", "max_over_time(rate(a[5m])[1h:])"),
        ("a[300]", "a[5m]"),
        ("a[5m * (2 + step())]", "a[5m * (2s + step())]"),
        ("a[max_of(step(), 1m)]", "a[max_of(step(), 1m)]"),
        ("a offset (2*1m)", "a offset (2s * 1m)"),
        ("rate(a[5m] anchored)", "rate(a[5m] anchored)"),
        ("a smoothed offset 1m", "a smoothed offset 1m"),
        ("h </ 5", "h </ 5"),
        ("a # a comment\n+ b", "a + b"),
    ],
)
def test_the_canonical_form_reads_back_as_the_same_tree(text: str, canonical: str) -> None:
    expr = parse(text)
    assert format_query(expr) == canonical
    assert format_query(parse(canonical)) == canonical


def test_the_tree_of_a_selector() -> None:
    expr = parse('up{job=~"n.*"}[5m] offset 1m @ end()')
    assert isinstance(expr, MatrixSelector)
    selector = expr.selector
    assert selector.matchers == (Matcher("job", MatchOp.REGEX, "n.*"), Matcher("__name__", MatchOp.EQUAL, "up"))
    assert selector.shift.at is Edge.END
    assert (expr.span.start, expr.span.end) == (0, 36)


def test_the_tree_of_an_operator() -> None:
    expr = parse("a * on (x) group_left (y) b")
    assert isinstance(expr, Binary)
    assert expr.matching is not None
    assert expr.matching.cardinality is Cardinality.MANY_TO_ONE
    assert (expr.matching.labels, expr.matching.include) == (("x",), ("y",))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sum(a)", Aggregate),
        ("sum", VectorSelector),
        ("rate(a[1m])", Call),
        ("start()", Call),
        ("start", VectorSelector),
        ("-a", Unary),
        ("a[5m:]", Subquery),
    ],
)
def test_what_a_word_means_depends_on_what_follows(text: str, kind: type) -> None:
    assert isinstance(parse(text), kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: parse error: no expression found in input"),
        ("1 +", "1:4: parse error: unexpected end of input"),
        ("(1", "1:1: parse error: unclosed left parenthesis"),
        ("foo bar", '1:5: parse error: unexpected identifier "bar"'),
        ("foo\n  bar", '2:3: parse error: unexpected identifier "bar"'),
        ("a{b}", '1:4: parse error: unexpected "}" in label matching, expected label matching operator'),
        ('a{b="c"', '1:8: parse error: unexpected end of input in label matching, expected "," or "}"'),
        ("a{b=c}", '1:5: parse error: unexpected identifier "c" in label matching, expected string'),
        ('a{__name__="b"}', '1:15: parse error: metric name must not be set twice: "a" or "b"'),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ('{a=~".*"}', "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ('a{b=~"("}', "1:6: parse error: error parsing regexp: missing ): `(`"),
        ("'a", "1:1: parse error: unterminated quoted string"),
        ("`a", "1:1: parse error: unterminated raw string"),
        ('"\\q"', '1:1: parse error: unknown escape sequence in "\\q"'),
        ("5m3", '1:1: parse error: bad number or duration syntax: "5m3"'),
        ("1s1m", '1:1: parse error: not a valid duration string: "1s1m"'),
        ("a[0s]", "1:3: parse error: duration must be greater than 0"),
        ("a ü", "1:3: parse error: unexpected character: 'ü'"),
        ("nope(a)", '1:1: parse error: unknown function with name "nope"'),
        ("rate(a)", '1:6: parse error: expected type range vector in call to function "rate", got instant vector'),
        ("rate(a[5m], 1)", '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'),
        ("label_join(a, 'b')", '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 2'),
        ("round(a, 1, 2)", '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'),
        ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
        (
            "topk(a)",
            "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
        ),
        ("sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar"),
        ("topk('a', b)", "1:6: parse error: expected type scalar in aggregation parameter, got string"),
        ("abs(a,)", "1:7: parse error: trailing commas not allowed in function call args"),
        ("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("1 + bool 1", "1:3: parse error: bool modifier can only be used on comparison operators"),
        ("1 and 1", '1:3: parse error: set operator "and" not allowed in binary scalar expression'),
        ("a + on (b) 1", "1:3: parse error: vector matching only allowed between instant vectors"),
        ("a and on (b) group_left (c) d", '1:14: parse error: no grouping allowed for "and" operation'),
        ("a * on (b) group_left (b) c", '1:3: parse error: label "b" must not occur in ON and GROUP clause at once'),
        ("a[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"),
        (
            "-'a'",
            f'1:2: parse error: unary expression only allowed on expressions of type {_ARITHMETIC}, got "string"',
        ),
        ("a[5m][5m]", "1:1: parse error: ranges only allowed for vector selectors"),
        ("a offset 1m [5m]", "1:1: parse error: no offset modifiers allowed before range"),
        ("a @ 1 [5m]", "1:1: parse error: no @ modifiers allowed before range"),
        ("1[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"),
        ("a offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"),
        ("a @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        (
            "sum(a) offset 1m",
            f"1:1: parse error: offset modifier must be preceded by {_SHIFTABLE}",
        ),
    ],
)
def test_an_error_says_where_and_what(text: str, message: str) -> None:
    with pytest.raises(ParseError) as raised:
        parse(text)
    assert str(raised.value) == message
    assert raised.value.error_type == "bad_data"


@pytest.mark.parametrize(
    "text", ["(" * 20_000, "-" * 20_000 + "1", "abs(" * 20_000, "a[" + "(" * 20_000, "1^" * 20_000]
)
def test_deep_nesting_is_refused_and_never_a_crash(text: str) -> None:
    with pytest.raises(ParseError):
        parse(text)


def test_a_chain_of_operators_may_be_long() -> None:
    text = " or ".join(f"a{i}" for i in range(3000))
    assert format_query(parse(text)) == text


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(ParseError, match="longer than 10 characters"):
        parse("a + b + c + d", max_length=10)


@pytest.mark.parametrize(
    "text",
    ["max_of(1, 2)", "limitk(1, a)", "a[5m * 2]", "a offset (1m + 1m)", "a[5m] anchored", "a + fill(0) b", "info(a)"],
)
def test_experimental_syntax_can_be_switched_off(text: str) -> None:
    parse(text)
    with pytest.raises(ParseError, match="not enabled"):
        parse(text, experimental=False)


def test_a_negative_offset_is_not_experimental() -> None:
    parse("a offset -5m", experimental=False)
