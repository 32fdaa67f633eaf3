"""Which queries are so quick that a thread for them costs more than they do.

A dashboard asks many small questions, and the same ones again every few seconds. One that took a few milliseconds the
last time, over nearly the same stretch of time, is answered where its request is read; all others go to a thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

QUICK_S = 0.005
"""Of a processor; so long may nothing else be served. Time that others had the processors says nothing of a query."""

LITTLE_SAMPLES = 200_000
LITTLE_POINTS = 100_000
"""A query that turns out to load or make more goes to a thread after all."""

NEARBY_MS = 300_000
"""What a query read so near in time is still decoded, and its files are still in memory."""

REMEMBERED = 1024
LONGEST = 4096
"""Characters of a query that is remembered."""


@dataclass(frozen=True, slots=True)
class Question:
    """What makes two queries alike; times are in ms.

    Attributes:
        text: The query.
        span: From the first step to the last one.
        step: From step to step, 0 for an instant query.
        lookback: How old a sample may be.
    """

    text: str
    span: int
    step: int
    lookback: int


class QuickQueries:
    """Remembers the questions that were answered quickly. For any thread."""

    def __init__(self) -> None:
        self._ends: OrderedDict[Question, int] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, question: Question, end_ms: int) -> bool:
        """Whether a question up to ``end_ms`` will be answered quickly."""
        end = self._ends.get(question)
        return end is not None and abs(end_ms - end) <= NEARBY_MS

    def note(self, question: Question, end_ms: int, seconds: float) -> None:
        """Note how much time of a processor an answer took."""
        with self._lock:
            self._ends.pop(question, None)
            if seconds <= QUICK_S and len(question.text) <= LONGEST:
                self._ends[question] = end_ms
                if len(self._ends) > REMEMBERED:
                    self._ends.popitem(last=False)

    def forget(self, question: Question) -> None:
        """Note that a question is not what it was."""
        with self._lock:
            self._ends.pop(question, None)
