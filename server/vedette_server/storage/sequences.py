"""Which frames of which senders are in the store: exact, small, and durable with the checkpoint and the log."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict

from vedette_shared.frames import Sender

MAX_STRETCHES = 1024
"""A generation with more holes forgets its oldest frames; a repeated one of those is known by its samples."""

MAX_SENDERS = 65_536


class Stretches:
    """A set of integers that come mostly in order: sorted, disjoint, inclusive stretches."""

    __slots__ = ("_highs", "_lows")

    def __init__(self, stretches: list[tuple[int, int]] | None = None) -> None:
        self._lows = [low for low, _ in stretches or ()]
        self._highs = [high for _, high in stretches or ()]

    def __contains__(self, number: int) -> bool:
        if self._highs and number > self._highs[-1]:
            return False
        i = bisect_right(self._lows, number) - 1
        return i >= 0 and number <= self._highs[i]

    @property
    def highest(self) -> int:
        """The highest number, 0 without one."""
        return self._highs[-1] if self._highs else 0

    def add(self, number: int) -> None:
        """Put a number in that is not there."""
        if self._highs and number == self._highs[-1] + 1:
            self._highs[-1] = number
            return
        i = bisect_right(self._lows, number)
        joins_before = i > 0 and self._highs[i - 1] == number - 1
        joins_after = i < len(self._lows) and self._lows[i] == number + 1
        if joins_before and joins_after:
            self._highs[i - 1] = self._highs[i]
            del self._lows[i], self._highs[i]
        elif joins_before:
            self._highs[i - 1] = number
        elif joins_after:
            self._lows[i] = number
        else:
            self._lows.insert(i, number)
            self._highs.insert(i, number)
            if len(self._lows) > MAX_STRETCHES:
                del self._lows[0], self._highs[0]

    def stretches(self) -> list[tuple[int, int]]:
        """The stretches, lowest first."""
        return list(zip(self._lows, self._highs, strict=True))


class SequenceMemory:
    """The sequences of each sender; senders that were silent longest are forgotten first."""

    def __init__(self) -> None:
        self._senders: OrderedDict[tuple[str, int], Stretches] = OrderedDict()

    def of(self, sender: Sender) -> Stretches:
        """The sequences of a sender."""
        key = (sender.agent, sender.generation)
        found = self._senders.get(key)
        if found is None:
            found = self._senders[key] = Stretches()
            while len(self._senders) > MAX_SENDERS:
                self._senders.popitem(last=False)
        else:
            self._senders.move_to_end(key)
        return found

    def dump(self) -> list[tuple[str, int, list[tuple[int, int]]]]:
        """All of it, as values for a file."""
        return [(agent, generation, found.stretches()) for (agent, generation), found in self._senders.items()]

    def load(self, dumped: list[tuple[str, int, list[tuple[int, int]]]]) -> None:
        """Take in what ``dump`` gave."""
        for agent, generation, stretches in dumped:
            self._senders[agent, generation] = Stretches(stretches)
