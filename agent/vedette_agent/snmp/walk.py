"""The walk over columns of a table, several at a time. Without I/O: ``next_query`` and ``feed`` in turn.

A column is done when the agent answers with something that is not below it. An agent that does not go forward or has an
error within a column costs that column, not the walk; one that finds its answer too big is asked for less.
"""

from __future__ import annotations

from collections.abc import Sequence

from vedette_agent.snmp.ber import format_oid, is_after
from vedette_agent.snmp.errors import SnmpError
from vedette_agent.snmp.message import (
    GET_BULK,
    GET_NEXT,
    NO_SUCH_NAME,
    TOO_BIG,
    Answer,
    Binding,
    Query,
    raise_refusal,
)

MAX_ROWS = 100_000


class Walk:
    """Columns that are walked side by side.

    Args:
        columns: Their identifiers.
        values: How many values to ask for in one query, over all columns.
        has_bulk: Whether the agent knows GETBULK; without it each query yields one row.

    Attributes:
        found: By column, the bindings below it, in the agent's order.
        problems: What was wrong with columns.
    """

    def __init__(self, columns: Sequence[bytes], values: int, *, has_bulk: bool) -> None:
        self.found: dict[bytes, list[Binding]] = {column: [] for column in columns}
        self.problems: list[str] = []
        self._last: dict[bytes, bytes] = {column: column for column in columns}
        self._values = self._asked_values = values
        self._has_bulk = has_bulk
        self._asked: list[bytes] = []

    def next_query(self, attempt: int = 0) -> Query | None:
        """Return what to ask now, or ``None`` at the end.

        The later the attempt, the less it asks for: the answer may have been lost for its size.
        """
        values = self._asked_values = max(self._values >> attempt, 1)
        self._asked = list(self._last)[:values]
        if not self._asked:
            return None
        oids = [self._last[column] for column in self._asked]
        if not self._has_bulk:
            return Query(GET_NEXT, oids)
        return Query(GET_BULK, oids, max(values // len(oids), 1))

    def feed(self, answer: Answer) -> None:
        """Take the answer to the query that ``next_query`` has returned last.

        Raises:
            SnmpError: the agent refuses all of it.
        """
        if answer.error_status:
            self._take_error(answer)
        elif not answer.bindings:
            self._ask_less()
        else:
            self._take(answer.bindings)

    def _take(self, bindings: Sequence[Binding]) -> None:
        asked, last, width = self._asked, self._last, len(self._asked)
        self._values = self._asked_values
        rows = max(self._values // width, 1) if self._has_bulk else 1
        if len(bindings) > width * rows:
            raise SnmpError("answers with more than it was asked for")
        for place, binding in enumerate(bindings):
            column = asked[place % width]
            before = last.get(column)
            if before is None:
                continue
            oid = binding.oid
            if not oid.startswith(column) or len(oid) == len(column) or binding.is_missing:
                del last[column]
            elif not is_after(oid, before):
                self._give_up(column, f"does not go forward after {format_oid(before)}")
            elif len(self.found[column]) >= MAX_ROWS:
                self._give_up(column, f"has more than {MAX_ROWS} rows below {format_oid(column)}")
            else:
                self.found[column].append(binding)
                last[column] = oid

    def _take_error(self, answer: Answer) -> None:
        raise_refusal(answer)
        status, index = answer.error_status, answer.error_index
        if status == TOO_BIG:
            self._ask_less()
        elif 1 <= index <= len(self._asked):
            column = self._asked[index - 1]
            if status == NO_SUCH_NAME:
                self._last.pop(column, None)
            else:
                self._give_up(
                    column, f"has an error of its own (status {status}) after {format_oid(self._last[column])}"
                )
        elif status == NO_SUCH_NAME:
            for column in self._asked:
                self._last.pop(column, None)
        else:
            raise SnmpError(f"answers with error status {status}")

    def _ask_less(self) -> None:
        """Half as much from now on; a column whose single value is too big is left out."""
        if self._asked_values > 1:
            self._values = self._asked_values // 2
        else:
            column = self._asked[0]
            self._give_up(column, f"cannot answer for {format_oid(column)}")

    def _give_up(self, column: bytes, problem: str) -> None:
        self._last.pop(column, None)
        self.problems.append(problem)
