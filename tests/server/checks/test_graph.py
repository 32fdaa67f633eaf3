"""A query over the fleet, narrowed to one service: matchers go wherever the labels reach the result."""

from __future__ import annotations

import pytest

from vedette_server.checks.graph import narrowed
from vedette_server.promql import format_query, parse


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a", 'a{host="h",d="x"}'),
        ('a{host="h"}', 'a{host="h",d="x"}'),
        ("rate(a[5m]) * 100", 'rate(a{host="h",d="x"}[5m]) * 100'),
        ("-(a offset 1h)", '-(a{host="h",d="x"} offset 1h)'),
        ("sum by (host) (a)", 'sum by (host) (a{host="h"})'),
        ("sum without (d) (a)", 'sum without (d) (a{host="h"})'),
        ("sum(a)", "sum(a)"),
        ("topk(3, a)", 'topk(3, a{host="h",d="x"})'),
        ("max_over_time(sum by (host, d) (a)[5m:])", 'max_over_time(sum by (host, d) (a{host="h",d="x"})[5m:])'),
        ("a / b", 'a{host="h",d="x"} / b{host="h",d="x"}'),
        ("a / on (host) b", 'a{host="h",d="x"} / on (host) b{host="h"}'),
        ("a * on (host) group_left (d) b", 'a{host="h"} * on (host) group_left (d) b{host="h",d="x"}'),
        ("b * on (host) group_right () a", 'b{host="h"} * on (host) group_right () a{host="h",d="x"}'),
        ("a unless ignoring (d) b", 'a{host="h",d="x"} unless ignoring (d) b{host="h"}'),
        ('label_replace(a, "d", "$1", "e", "(.*)")', 'label_replace(a{host="h"}, "d", "$1", "e", "(.*)")'),
        ("time() - a", 'time() - a{host="h",d="x"}'),
    ],
)
def test_narrowed(query: str, expected: str) -> None:
    assert format_query(narrowed(parse(query), {"host": "h", "d": "x"})) == expected
