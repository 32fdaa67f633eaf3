"""What one evaluation carries along: its store, its bounds, its limits, and what it has to tell besides the result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vedette_server.promql.durations import QueryRange
from vedette_server.promql.errors import (
    QueryCanceledError,
    QueryTimeoutError,
    Span,
    TooManyPointsError,
    TooManySamplesError,
    TooManyStepsError,
    line_and_column,
)
from vedette_server.storage.interface import Querier

DEFAULT_LOOKBACK_MS = 300_000
DEFAULT_SUBQUERY_STEP_MS = 60_000


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Bounds on one query; 0 means no bound.

    Attributes:
        samples: Samples that it may load.
        points: Points (series × steps) that any part of it may make.
        steps: Steps of a range query.
        subquery_steps: Steps of a subquery.
        expression_length: Characters of its text.
    """

    samples: int = 100_000_000
    points: int = 50_000_000
    steps: int = 11_000
    subquery_steps: int = 5_000_000
    expression_length: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """How an engine evaluates.

    Attributes:
        lookback: How old the last sample may be to count at a step, ms.
        subquery_step: The step of a subquery that names none, ms.
        experimental: Whether experimental functions and modifiers are allowed.
    """

    lookback: int = DEFAULT_LOOKBACK_MS
    subquery_step: int = DEFAULT_SUBQUERY_STEP_MS
    experimental: bool = True


@dataclass(slots=True)
class Notes:
    """Warnings and infos, each once, with the place that they are about."""

    text: str
    warnings: dict[str, None] = field(default_factory=dict)
    infos: dict[str, None] = field(default_factory=dict)

    def warn(self, message: str, span: Span) -> None:
        """Add a warning about the part of the query at ``span``."""
        self.warnings[f"PromQL warning: {message} ({line_and_column(self.text, span.start)})"] = None

    def inform(self, message: str, span: Span) -> None:
        """Add an info about the part of the query at ``span``."""
        self.infos[f"PromQL info: {message} ({line_and_column(self.text, span.start)})"] = None


class Context:
    """One evaluation."""

    def __init__(
        self,
        querier: Querier,
        query: QueryRange,
        notes: Notes,
        options: Options,
        limits: EngineLimits,
        cancelled: threading.Event | Callable[[], bool] | None = None,
        deadline: float | None = None,
    ) -> None:
        self.querier = querier
        self.query = query
        self.notes = notes
        self.options = options
        self.limits = limits
        self.samples = 0
        self._deadline = deadline
        self._cancelled = cancelled.is_set if isinstance(cancelled, threading.Event) else cancelled

    def check(self) -> None:
        """Stop the evaluation if its caller gave up or its time is over.

        Raises:
            QueryCanceledError, QueryTimeoutError: it is so.
        """
        if self._cancelled is not None and self._cancelled():
            raise QueryCanceledError("query was canceled in query execution")
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise QueryTimeoutError("query timed out in query execution")

    def remaining_samples(self) -> int:
        """How many samples may still be loaded, 0 for no bound."""
        limit = self.limits.samples
        return max(limit - self.samples, 1) if limit else 0

    def count_samples(self, count: int) -> None:
        """Note that samples were loaded.

        Raises:
            TooManySamplesError: they are more than the limit.
        """
        self.samples += count
        if 0 < self.limits.samples < self.samples:
            raise TooManySamplesError(
                f"query processing would load too many samples into memory: more than {self.limits.samples};"
                " select fewer series or a shorter range"
            )

    def check_subquery(self, steps: int) -> None:
        """Refuse a subquery of too many steps.

        Raises:
            TooManyStepsError: there are more than the limit.
        """
        if 0 < self.limits.subquery_steps < steps:
            raise TooManyStepsError(
                f"a subquery would be evaluated at {steps} steps, more than the limit of {self.limits.subquery_steps};"
                " use a longer step or a shorter range"
            )

    def check_points(self, series: int, steps: int) -> None:
        """Refuse to make a vector that is too large.

        Raises:
            TooManyPointsError: series × steps exceed the limit.
        """
        if 0 < self.limits.points < series * steps:
            raise TooManyPointsError(
                f"query would make {series} series × {steps} steps, more than the limit of {self.limits.points} points;"
                " select fewer series, a shorter range or a longer step"
            )
