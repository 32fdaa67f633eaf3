"""What is remembered of queries: no answer depends on it."""

from __future__ import annotations

import pytest

from tests.server.promql.memory import MemoryQuerier
from vedette_server.promql import Engine, EngineLimits, ExpressionTooLongError, Options, ParseError
from vedette_server.promql.parser import parse
from vedette_server.promql.prepared import LONGEST_REMEMBERED, of_expr, prepare

QUERY = "sum(rate(a_total[5m])) / sum(rate(a_total[5m]))"


def test_a_query_is_parsed_once() -> None:
    """And says what parsing it says."""
    assert prepare(QUERY) is prepare(QUERY)
    assert prepare(QUERY) == of_expr(parse(QUERY))


def test_a_long_query_is_not_remembered() -> None:
    """It would take much memory."""
    query = "1" + " + 1" * LONGEST_REMEMBERED
    assert prepare(query) is not prepare(query)


def test_what_is_allowed_is_asked_each_time() -> None:
    """A query that was allowed once is refused where experimental functions or long texts are."""
    experimental = "sort_by_label(up)"
    prepare(experimental)
    for _ in range(2):
        with pytest.raises(ParseError):
            prepare(experimental, experimental=False)
        with pytest.raises(ExpressionTooLongError):
            prepare(QUERY, max_length=10)


def test_an_error_is_told_again() -> None:
    """With its place."""
    for _ in range(2):
        with pytest.raises(ParseError, match="1:5"):
            prepare("sum(}")


def test_evaluations_do_not_meet() -> None:
    """Warnings, plans and limits of one evaluation are not another's."""
    store = MemoryQuerier()
    engine = Engine()
    query = "quantile(2, vector(1))"
    explained = engine.instant(store, query, 0, explain=True)
    assert explained.plan
    assert explained.warnings
    assert engine.instant(store, query, 0).plan == ()
    assert engine.instant(store, query, 0).warnings == explained.warnings
    short = Engine(EngineLimits(expression_length=5), Options())
    with pytest.raises(ExpressionTooLongError):
        short.instant(store, query, 0)
