"""The functions of PromQL, one module for each family; ``CALLS`` has them all by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vedette_server.promql.calls import absent, dates, elementwise, info, labels, order, ranges, scalars
from vedette_server.promql.histograms import classic
from vedette_server.promql.nodes import Call
from vedette_server.promql.values import Evaluation, Grid, Value

CallFunction: TypeAlias = Callable[[Evaluation, Call, Grid], Value]

CALLS: dict[str, CallFunction] = {
    **absent.CALLS,
    **dates.CALLS,
    **elementwise.CALLS,
    **info.CALLS,
    **labels.CALLS,
    **order.CALLS,
    **ranges.CALLS,
    **scalars.CALLS,
    **classic.CALLS,
}
