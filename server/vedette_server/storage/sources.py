"""What each source of each target reported when, so that a series that leaves its layout goes stale."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

MAX_RUNS = 16

ENDED = b""
"""In place of a layout's hash: the source ended."""


@dataclass(slots=True)
class Run:
    """One layout (its hash) reported from ``first`` to ``last`` (ms)."""

    first: int
    last: int
    layout: bytes


class SourceHistory:
    """The latest runs of one source of one target, oldest first. The last one is the fast road."""

    __slots__ = ("runs",)

    def __init__(self, runs: list[Run] | None = None) -> None:
        self.runs = runs or []

    @property
    def current(self) -> bytes:
        """The layout reported last, ``ENDED`` if there is none."""
        return self.runs[-1].layout if self.runs else ENDED

    def note(self, layout: bytes, timestamp: int) -> bytes:
        """Note a report; return the layout whose series end here unless the new one has them, ``ENDED`` for none."""
        if self.runs:
            latest = self.runs[-1]
            if timestamp > latest.last and latest.layout == layout:
                latest.last = timestamp
                return ENDED
        i = bisect_right(self.runs, timestamp, key=lambda run: run.first)
        before = self.runs[i - 1] if i else None
        if before is not None and before.layout == layout:
            before.last = max(before.last, timestamp)
            return ENDED
        if before is not None and timestamp < before.last:
            # Within a run of another layout: one report of two, of which neither ends the other.
            return ENDED
        self.runs.insert(i, Run(timestamp, timestamp, layout))
        if len(self.runs) > MAX_RUNS:
            del self.runs[0]
        return ENDED if before is None else before.layout


Dumped = list[tuple[bytes, str, list[tuple[int, int, bytes]]]]


class Sources:
    """The histories of all sources, by encoded target and source."""

    def __init__(self) -> None:
        self._histories: dict[tuple[bytes, str], SourceHistory] = {}

    def of(self, target: bytes, source: str) -> SourceHistory:
        """The history of one source."""
        key = (target, source)
        found = self._histories.get(key)
        if found is None:
            found = self._histories[key] = SourceHistory()
        return found

    def layouts(self) -> set[bytes]:
        """The hashes of all layouts that are remembered here."""
        return {run.layout for history in self._histories.values() for run in history.runs}

    def forget_before(self, timestamp: int) -> None:
        """Forget sources that have been silent since before ``timestamp``."""
        for key in [key for key, found in self._histories.items() if found.runs and found.runs[-1].last < timestamp]:
            del self._histories[key]

    def dump(self) -> Dumped:
        """All of it, as values for a file."""
        return [
            (target, source, [(run.first, run.last, run.layout) for run in history.runs])
            for (target, source), history in self._histories.items()
        ]

    def load(self, dumped: Dumped) -> None:
        """Take in what ``dump`` gave."""
        for target, source, runs in dumped:
            self._histories[target, source] = SourceHistory([Run(*run) for run in runs])
