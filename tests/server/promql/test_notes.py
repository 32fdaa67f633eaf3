"""What the engine says besides the result: warnings, infos, plans; and errors in the evaluation."""

from __future__ import annotations

import pytest

from tests.server.promql.memory import MemoryQuerier
from vedette_server.promql import Engine, ExecutionError, PlanNode
from vedette_shared.labels import make_labels

MINUTE = 60_000


@pytest.fixture
def store() -> MemoryQuerier:
    """A gauge, a counter and a classic histogram on two hosts."""
    store = MemoryQuerier()
    for host in ("a", "b"):
        for name in ("gauge", "hits_total"):
            store.add(make_labels(__name__=name, host=host), [(i * MINUTE, float(i)) for i in range(11)])
        for le, count in (("1", 5.0), ("2", 3.0), ("+Inf", 6.0), ("wide", 1.0)):
            store.add(make_labels(__name__="h_bucket", host=host, le=le), [(10 * MINUTE, count)])
    return store


@pytest.mark.parametrize(
    ("query", "warnings", "infos"),
    [
        ("rate(hits_total[5m])", [], []),
        (
            "1 + rate(gauge[5m])",
            [],
            [
                (
                    "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket:"
                    ' "gauge" (1:10)'
                )
            ],
        ),
        ("quantile(1.5, gauge)", ["PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:10)"], []),
        (
            "\nquantile_over_time(-1, gauge[5m])",
            ["PromQL warning: quantile value should be between 0 and 1, got -1 (2:20)"],
            [],
        ),
        (
            "limit_ratio(2, gauge)",
            ["PromQL warning: ratio value should be between -1 and 1, got 2, capping to 1 (1:13)"],
            [],
        ),
        (
            "histogram_quantile(0.5, h_bucket)",
            [
                (
                    'PromQL warning: bucket label "le" is missing or has a malformed value of "wide"'
                    ' for metric name "h_bucket" (1:25)'
                )
            ],
            [
                (
                    "PromQL info: input to histogram_quantile needed to be fixed for monotonicity"
                    " (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
                    ' for metric name "h_bucket" (1:25)'
                )
            ],
        ),
        (
            "gauge </ 5",
            [],
            ['PromQL info: incompatible sample types encountered for binary operator "</": float </ float (1:1)'],
        ),
    ],
)
def test_notes_bear_their_place(store: MemoryQuerier, query: str, warnings: list[str], infos: list[str]) -> None:
    result = Engine().instant(store, query, 10 * MINUTE)
    assert (list(result.warnings), list(result.infos)) == (warnings, infos)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            'gauge + on () {__name__=~"gauge|hits_total"}',
            (
                "found duplicate series for the match group {} on the right hand-side of the operation:"
                ' [{__name__="gauge", host="a"}, {__name__="gauge", host="b"}]'
                ";many-to-many matching not allowed: matching labels must be unique on one side"
            ),
        ),
        (
            "gauge + on () vector(1)",
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        ),
        (
            '{__name__=~"gauge|hits_total"} + on (host) group_left gauge',
            "multiple matches for labels: grouping labels must ensure unique matches",
        ),
        ('rate({__name__=~"gauge|hits_total"}[5m])', "vector cannot contain metrics with the same labelset"),
        (
            'label_replace(gauge, "host", "", "host", ".*")',
            "vector cannot contain metrics with the same labelset",
        ),
        ('label_replace(gauge, "host", "", "host", "(")', "invalid regular expression in label_replace(): ("),
        ('label_join(gauge, "", "", "host")', "invalid destination label name in label_join(): "),
        ("topk(NaN, gauge)", "Parameter value is NaN"),
        ("topk(1e30, gauge)", "Scalar value 1e+30 overflows int64"),
        ('count_values("\\xff", gauge)', 'invalid label name "\\xff"'),
        (
            "double_exponential_smoothing(gauge[5m], 2, 0.5)",
            "invalid smoothing factor. Expected: 0 < sf < 1, got: 2.000000",
        ),
        ("gauge[step()]", "duration must be greater than 0"),
        ("rate(gauge[5m/(1-1)])", "division by zero"),
        (
            "deriv(gauge[5m] anchored)",
            "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with deriv",
        ),
    ],
)
def test_an_evaluation_that_fails_says_why(store: MemoryQuerier, query: str, message: str) -> None:
    with pytest.raises(ExecutionError) as raised:
        Engine().instant(store, query, 10 * MINUTE)
    assert str(raised.value) == message
    assert raised.value.error_type == "execution"


def outline(nodes: tuple[PlanNode, ...] | list[PlanNode], depth: int = 0) -> list[str]:
    """The plan as indented lines: text, series, samples, and whether the result was known already."""
    lines = []
    for node in nodes:
        shared = " (shared)" if node.shared else ""
        lines.append(f"{'  ' * depth}{node.kind} {node.text}: {node.series} × {node.steps}, {node.samples}{shared}")
        lines += outline(node.children, depth + 1)
    return lines


def test_a_plan_shows_what_was_read_once_and_used_twice(store: MemoryQuerier) -> None:
    query = "sum(rate(hits_total[2m])) / count(rate(hits_total[2m]))"
    result = Engine().range(store, query, 8 * MINUTE, 10 * MINUTE, MINUTE, explain=True)
    assert result.loaded == 8
    assert outline(result.plan) == [
        "binary sum(rate(hits_total[2m])) / count(rate(hits_total[2m])): 1 × 3, 8",
        "  aggregation sum(rate(hits_total[2m])): 1 × 3, 8",
        "    call rate(hits_total[2m]): 2 × 3, 8",
        "      range selector hits_total[2m]: 2 × 3, 8",
        "  aggregation count(rate(hits_total[2m])): 1 × 3, 0",
        "    call rate(hits_total[2m]): 2 × 3, 0 (shared)",
    ]
    assert all(node.seconds >= 0 for node in result.plan)


def test_a_pinned_expression_is_evaluated_once(store: MemoryQuerier) -> None:
    result = Engine().range(store, "gauge @ 300", 0, 10 * MINUTE, MINUTE, explain=True)
    assert outline(result.plan) == ["selector gauge @ 300.000: 2 × 1, 10"]
    assert result.values.tolist() == [[5.0] * 11, [5.0] * 11]
