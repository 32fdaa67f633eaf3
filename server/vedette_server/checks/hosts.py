"""The hosts, as columns. A host keeps its id for as long as the process runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vedette_server.state.rows import HostRow

_FIELDS = [
    ("state", np.int8),
    ("hard_state", np.int8),
    ("attempt", np.int32),
    ("since", np.int64),
    ("problem_since", np.int64),
    ("seen", np.int64),
    ("notified", np.int8),
    ("judged", np.bool_),
    ("known", np.bool_),
]
_FIRST_CAPACITY = 64


class HostTable:
    """All hosts.

    ``rows[id]`` has the columns of ``HostRow`` and ``known``, which is unset for a host that was forgotten.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._ids: dict[str, int] = {}
        self._rows = np.zeros(_FIRST_CAPACITY, np.dtype(_FIELDS))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def rows(self) -> NDArray[np.void]:
        """The columns of all ids; a view to be written through, good until the next new host."""
        return self._rows[: len(self.names)]

    def id_of(self, name: str) -> int | None:
        """The id of a known host."""
        found = self._ids.get(name)
        return found if found is not None and self._rows["known"][found] else None

    def ids(self, names: Sequence[str]) -> NDArray[np.int64]:
        """The ids of hosts, known or not; new ones are given where needed. The empty name has the id -1."""
        return np.fromiter((self._id(name) for name in names), np.int64, len(names))

    def restore(self, stored: Iterable[HostRow]) -> None:
        """Take in what was known before a restart."""
        for row in stored:
            number = self._id(row.host)
            self._rows[number] = (
                row.state,
                row.hard_state,
                row.attempt,
                row.since,
                row.problem_since,
                row.seen,
                row.notified,
                row.judged,
                True,
            )

    def export(self, ids: Iterable[int]) -> Iterator[HostRow]:
        """The rows of some hosts as they are stored."""
        for number in ids:
            state, hard, attempt, since, problem, seen, notified, judged, _ = self._rows[number].item()
            yield HostRow(self.names[number], state, hard, attempt, since, problem, seen, notified, judged)

    def meet(self, ids: NDArray[np.int64], now: int) -> NDArray[np.int64]:
        """Make those of the hosts known that are not, as UP since ``now``; return them, each once."""
        new = np.unique(ids[~self._rows["known"][ids]])
        if len(new):
            fresh = np.zeros(1, self._rows.dtype)
            fresh["attempt"], fresh["since"], fresh["seen"], fresh["known"] = 1, now, now, True
            self._rows[new] = fresh
        return new

    def _id(self, name: str) -> int:
        found = self._ids.get(name, -1)
        if found < 0 and name:
            found = self._ids[name] = len(self.names)
            self.names.append(name)
            if found == len(self._rows):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        return found
