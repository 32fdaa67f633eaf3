"""``/api/v1/format_query`` and ``parse_query``: what an expression says, without its evaluation."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import bad_parameter
from vedette_server.api.parameters import Parameters
from vedette_server.api.tree import translate
from vedette_server.promql import Expr, ParseError, format_query, parse


async def format_expression(request: Request) -> Response:
    """The expression as it is best written."""
    return success(format_query(_expression(await Parameters.of(request))))


async def parse_expression(request: Request) -> Response:
    """The expression as a tree."""
    return success(translate(_expression(await Parameters.of(request))))


async def query_exemplars(request: Request) -> Response:
    """The exemplars of the series in an expression: none, as none are kept."""
    parameters = await Parameters.of(request)
    _expression(parameters)
    parameters.time_range()
    return success([])


def _expression(parameters: Parameters) -> Expr:
    try:
        return parse(parameters.required("query"))
    except ParseError as error:
        raise bad_parameter("query", str(error), limit=error.limit) from error
