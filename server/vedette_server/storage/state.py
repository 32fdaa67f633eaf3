"""What the parts of a store share: contents, heads that wait to be cut, counts. Changed on the trio thread only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import trio

from vedette_server.storage.contents import NOTHING_YET, Contents
from vedette_server.storage.cutting import Sealed
from vedette_server.storage.intake import Counts


@dataclass(slots=True)
class State:
    """The state of an open store.

    Attributes:
        contents: What readers read.
        sealed: Heads that wait to become blocks, the oldest first.
        work: Set when there is something to cut.
        cut_done: Set when a cut has ended, well or not.
        round_done: Set when all that was due has been cut, merged and dropped.
        newest: The newest timestamp in the store.
        cut_error: Why the last cut failed, ``None`` if it did not.
    """

    contents: Contents
    sealed: deque[Sealed] = field(default_factory=deque)
    work: trio.Event = field(default_factory=trio.Event)
    cut_done: trio.Event = field(default_factory=trio.Event)
    cut_error: OSError | None = None
    round_done: trio.Event = field(default_factory=trio.Event)
    newest: int = NOTHING_YET
    counts: Counts = field(default_factory=Counts)
    fsyncs: int = 0
    failed_commits: int = 0
    cuts: int = 0
    merges: int = 0
    damaged: int = 0
    failures: int = 0
    layouts_dropped: int = 0
