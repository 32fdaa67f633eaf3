"""What an evaluation hands on, and the result of a query as it is needed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette_server.notify.alert import Alert
from vedette_server.promql.nodes import Expr
from vedette_server.state.rows import NO_CHANGES, Batch
from vedette_server.storage.interface import LabelColumns


class QueryResult(Protocol):
    """The answer to an instant query."""

    @property
    def labels(self) -> LabelColumns:
        """The label sets of the ``n`` series."""
        ...

    @property
    def values(self) -> NDArray[np.float64]:
        """float64 of shape (n, 1)."""
        ...


class QueryFunction(Protocol):
    """Answers an instant query; blocks, and may be called from any thread."""

    def __call__(self, query: Expr, time_ms: int, deadline: float) -> QueryResult:
        """Evaluate ``query`` at ``time_ms``, and give up at ``deadline`` (as ``time.monotonic()``).

        Raises:
            PromQLError: it cannot be evaluated.
        """
        ...


@dataclass(frozen=True, slots=True)
class Findings:
    """What an evaluation found.

    Attributes:
        batch: The changes of states, to be made durable.
        alerts: What people are to be told.
        new_hosts: How many hosts appeared, or came back.
    """

    batch: Batch = NO_CHANGES
    alerts: tuple[Alert, ...] = ()
    new_hosts: int = 0

    def __bool__(self) -> bool:
        return bool(self.batch) or bool(self.alerts)

    def then(self, later: Findings) -> Findings:
        """These findings and ``later`` ones as one."""
        return Findings(self.batch.then(later.batch), self.alerts + later.alerts, self.new_hosts + later.new_hosts)
