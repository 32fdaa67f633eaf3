"""PromQL: the text of a query to an expression, and an engine that evaluates it over flat arrays.

    expr = parse("sum by (mode) (rate(node_cpu_seconds_total[5m]))")
    result = Engine().range(querier, expr, start_ms, end_ms, step_ms)

The engine sees a store only through ``vedette_server.storage.interface.Querier``.
"""

from vedette_server.promql.context import EngineLimits, Options
from vedette_server.promql.engine import Engine, Result
from vedette_server.promql.errors import (
    ExecutionError,
    ExpressionTooDeepError,
    ExpressionTooLongError,
    ExpressionTypeError,
    NativeHistogramError,
    ParseError,
    PromQLError,
    QueryCanceledError,
    QueryTimeoutError,
    TooManyPointsError,
    TooManySamplesError,
    TooManyStepsError,
)
from vedette_server.promql.format import format_query
from vedette_server.promql.nodes import Expr
from vedette_server.promql.parser import parse
from vedette_server.promql.plan import PlanNode
from vedette_server.promql.warm import warm_up

__all__ = [
    "Engine",
    "EngineLimits",
    "ExecutionError",
    "Expr",
    "ExpressionTooDeepError",
    "ExpressionTooLongError",
    "ExpressionTypeError",
    "NativeHistogramError",
    "Options",
    "ParseError",
    "PlanNode",
    "PromQLError",
    "QueryCanceledError",
    "QueryTimeoutError",
    "Result",
    "TooManyPointsError",
    "TooManySamplesError",
    "TooManyStepsError",
    "format_query",
    "parse",
    "warm_up",
]
