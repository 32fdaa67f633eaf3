"""Which frames each server has."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

from vedette_agent.spool.ranges import RangeSet
from vedette_agent.spool.values import FrameId

_NOTHING = RangeSet()


class Acknowledged:
    """What ``servers`` have acknowledged, by generation. What other servers have is not kept."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._by_server: dict[str, dict[int, RangeSet]] = {server: {} for server in servers}

    def serve(self, servers: Sequence[str]) -> None:
        """Keep what ``servers`` have, from now on; a new one has nothing yet."""
        self._by_server = {server: self._by_server.get(server, {}) for server in servers}

    def note(self, server: str, generation: int, runs: Iterable[tuple[int, int]]) -> None:
        """Take it that ``server`` has the sequences ``runs``."""
        if server not in self._by_server:
            return
        held = self._by_server[server].setdefault(generation, RangeSet())
        for first, last in runs:
            held.add(first, last)

    def is_waiting(self, server: str, frame: FrameId) -> bool:
        """Whether ``server`` lacks the frame."""
        return frame.sequence not in self._by_server[server].get(frame.generation, _NOTHING)

    def is_wanted(self, frame: FrameId) -> bool:
        """Whether any server lacks the frame."""
        return any(self.is_waiting(server, frame) for server in self._by_server)

    def count_waiting(self, server: str, generation: int, sequences: array[int]) -> int:
        """How many of the ascending ``sequences`` a server lacks."""
        return len(sequences) - self._by_server[server].get(generation, _NOTHING).count_among(sequences)

    def has_wanted(self, generation: int, sequences: array[int]) -> bool:
        """Whether any server lacks any of ``sequences``."""
        return any(self.count_waiting(server, generation, sequences) for server in self._by_server)

    def forget(self, floors: Mapping[int, int]) -> None:
        """Forget what is older than the first sequence of each generation that is still there."""
        for generations in self._by_server.values():
            for generation in list(generations):
                if generation in floors:
                    generations[generation].forget_below(floors[generation])
                else:
                    del generations[generation]

    def flat(self) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
        """Everything, as the head of a segment has it: (server, generation, (first, last, first, last, …))."""
        return tuple(
            (server, generation, tuple(number for run in held for number in run))
            for server, generations in self._by_server.items()
            for generation, held in generations.items()
        )
