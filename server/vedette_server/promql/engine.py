"""The engine: a query and a store in, a result out. Synchronous and bound by the CPU; call it in a worker thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.context import Context, EngineLimits, Notes, Options
from vedette_server.promql.durations import QueryRange
from vedette_server.promql.errors import ExpressionTypeError, TooManyStepsError
from vedette_server.promql.evaluate import Evaluator
from vedette_server.promql.format import format_query
from vedette_server.promql.merge import drop_names
from vedette_server.promql.nodes import Expr, ValueType
from vedette_server.promql.plan import PlanNode, Trace
from vedette_server.promql.prepared import Prepared, of_expr, prepare
from vedette_server.promql.raw import raw_samples
from vedette_server.promql.values import Floats, Grid, Mask, Samples, Scalar, Text, Times, Value, Vector, Windows
from vedette_server.storage.interface import LabelColumns, Querier


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a query.

    Attributes:
        type: ``vector``, ``matrix``, ``scalar`` or ``string``, as the HTTP API names them.
        labels: The label sets of the ``n`` series; none for a scalar or a string.
        values: float64 of shape (n, steps); of shape (1, 1) for a scalar.
        present: bool of the same shape; only where it is set does a value exist, and every series has at least one.
        steps: The times of the steps, int64 ms.
        text: The string.
        samples: The raw samples of an instant query for a range vector; ``values`` and ``present`` are then empty.
        warnings: What the query's author should mend, each with its place in the query.
        infos: What may be worth a look.
        loaded: How many samples were read from the store.
        plan: How the query was evaluated, if that was asked for.
    """

    type: str
    labels: LabelColumns
    values: Floats
    present: Mask
    steps: Times
    text: str = ""
    samples: Samples | None = None
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    loaded: int = 0
    plan: tuple[PlanNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Engine:
    """Evaluates queries. Holds no state, so that any number of threads may share it."""

    limits: EngineLimits = field(default_factory=EngineLimits)
    options: Options = field(default_factory=Options)

    def instant(
        self,
        querier: Querier,
        query: str | Expr,
        time_ms: int,
        *,
        cancelled: threading.Event | Callable[[], bool] | None = None,
        deadline: float | None = None,
        options: Options | None = None,
        explain: bool = False,
    ) -> Result:
        """Evaluate ``query`` at one moment.

        Args:
            querier: The store to read.
            query: The text, or what ``parse`` made of it.
            time_ms: The moment, ms since the epoch.
            cancelled: Asked between the nodes of the expression whether to give up.
            deadline: The ``time.monotonic()`` at which to give up.
            options: Takes the place of the engine's own.
            explain: Also say how the query was evaluated.

        Raises:
            PromQLError: the text is malformed, or its evaluation failed, timed out or was cancelled.
        """
        run = Run(cancelled, deadline, explain, options or self.options, self.limits)
        return run.evaluate(querier, query, QueryRange(time_ms, time_ms, 0), Grid(time_ms, 0, 1))

    def range(
        self,
        querier: Querier,
        query: str | Expr,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        cancelled: threading.Event | Callable[[], bool] | None = None,
        deadline: float | None = None,
        options: Options | None = None,
        explain: bool = False,
    ) -> Result:
        """Evaluate ``query`` at ``start_ms``, ``start_ms + step_ms`` … up to ``end_ms``; see ``instant`` for the rest.

        Raises:
            ValueError: the step is not positive or the end lies before the start.
            PromQLError: as ``instant``; also where the expression is neither a scalar nor an instant vector.
        """
        if step_ms <= 0 or end_ms < start_ms:
            raise ValueError("the step must be positive and the end must not lie before the start")
        grid = Grid(start_ms, step_ms, (end_ms - start_ms) // step_ms + 1)
        if 0 < self.limits.steps < grid.count:
            raise TooManyStepsError(
                f"exceeded maximum resolution of {self.limits.steps} points per timeseries; use a longer step"
            )
        run = Run(cancelled, deadline, explain, options or self.options, self.limits)
        return run.evaluate(querier, query, QueryRange(start_ms, end_ms, step_ms), grid)


@dataclass(frozen=True, slots=True)
class Run:
    """One query on its way through the engine."""

    cancelled: threading.Event | Callable[[], bool] | None
    deadline: float | None
    explain: bool
    options: Options
    limits: EngineLimits

    def evaluate(self, querier: Querier, query: str | Expr, bounds: QueryRange, grid: Grid) -> Result:
        """Parse the query if need be, and evaluate it at every step of ``grid``."""
        prepared = of_expr(query) if not isinstance(query, str) else self._prepare(query)
        expr, found = prepared.expr, prepared.type
        ranged = bounds.step > 0
        if ranged and found not in (ValueType.SCALAR, ValueType.VECTOR):
            reason = f'invalid expression type "{found.value}" for range query, must be Scalar or instant Vector'
            raise ExpressionTypeError(reason)
        notes = Notes(query if isinstance(query, str) else format_query(query))
        context = Context(querier, bounds, notes, self.options, self.limits, self.cancelled, self.deadline)
        trace = Trace() if self.explain else None
        evaluator = Evaluator(context, prepared.repeated, trace)
        with np.errstate(all="ignore"):  # arithmetic follows IEEE 754 without a word about infinities and NaN
            if found is ValueType.MATRIX:
                result = _raw(*evaluator.samples(expr, grid), grid)
            else:
                result = _result(evaluator.evaluate(expr, grid), grid, ranged=ranged)
        return replace(
            result,
            warnings=tuple(notes.warnings),
            infos=tuple(notes.infos),
            loaded=context.samples,
            plan=tuple(trace.roots) if trace is not None else (),
        )

    def _prepare(self, text: str) -> Prepared:
        return prepare(text, experimental=self.options.experimental, max_length=self.limits.expression_length)


def _result(value: Value, grid: Grid, *, ranged: bool) -> Result:
    steps = grid.times()
    if isinstance(value, Text):
        return _empty("string", steps, text=value.value)
    if isinstance(value, Scalar):
        values = value.values[np.newaxis, :]
        present = np.ones(values.shape, np.bool_)
        return Result("matrix" if ranged else "scalar", columns.empty_labels(1), values, present, steps)
    value = _present_only(drop_names(value))
    if ranged:
        order = columns.sort_order(value.labels)
        value = Vector(value.labels.take(order), value.values[order], value.present[order], value.drop_name[order])
    return Result("matrix" if ranged else "vector", value.labels, value.values, value.present, steps)


def _present_only(vector: Vector) -> Vector:
    """The series that are present at some step."""
    alive = vector.present.any(axis=1)
    if alive.all():
        return vector
    rows = np.flatnonzero(alive)
    return Vector(vector.labels.take(rows), vector.values[rows], vector.present[rows], vector.drop_name[rows])


def _raw(samples: Samples, windows: Windows, grid: Grid) -> Result:
    """The samples of a range vector at one step, those outside its window left out."""
    return _empty("matrix", grid.times(), samples=raw_samples(samples, windows))


def _empty(kind: str, steps: Times, *, text: str = "", samples: Samples | None = None) -> Result:
    labels = samples.labels if samples is not None else columns.empty_labels(0)
    nothing = np.zeros((0, len(steps)))
    return Result(kind, labels, nothing, nothing.astype(np.bool_), steps, text, samples)
