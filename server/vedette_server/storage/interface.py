"""What the engine of queries sees of a store: matchers in, flat arrays out.

Neither side knows the other: another store can stand behind ``Querier``, another engine before it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette_shared.errors import VedetteError
from vedette_shared.frames import Frame, Layout, Sender
from vedette_shared.labels import Labels


class MatchOp(enum.Enum):
    """How a matcher compares a label's value; the regular expressions are RE2, anchored at both ends."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label. A label that a series lacks has the empty value."""

    name: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True)
class SelectHints:
    """What the engine will do with the answer, so that a store can read less; a store may ignore any of it.

    Attributes:
        limit: The most samples that may be loaded, 0 for no bound; past it the store raises ``TooManySamplesError``.
        grouping: Only these labels matter to the query, or ``None`` when all do.
    """

    limit: int = 0
    grouping: tuple[str, ...] | None = None


class LabelColumns(Protocol):
    """The label sets of ``n`` series, column by column, so that grouping never builds the sets that it drops."""

    def __len__(self) -> int: ...

    def names(self) -> Sequence[str]:
        """The label names that any of the series has, ``__name__`` among them, sorted."""
        ...

    def column(self, name: str) -> tuple[NDArray[np.int32], Sequence[str]]:
        """Return (codes, values): the value of series ``i`` is ``values[codes[i]]``, ``""`` where it lacks the label.

        ``codes`` has shape (n,); ``values`` are distinct.
        """
        ...

    def labels(self, i: int) -> Labels:
        """The whole label set of series ``i``, ``__name__`` included."""
        ...

    def take(self, indices: NDArray[np.intp]) -> LabelColumns:
        """The columns of the chosen series, in the order of ``indices``."""
        ...


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """The samples of ``n`` series as flat arrays. Series of one target share one stretch of timestamps.

    Series ``i`` has ``k = offsets[i + 1] - offsets[i]`` samples: values ``values[offsets[i]:offsets[i + 1]]`` at the
    times ``timestamps[clocks[i]:clocks[i] + k]``, strictly increasing. Stale markers are among the values
    (``vedette_shared.frames.STALE_NAN`` bit for bit); a value that was not reported is not.

    Attributes:
        labels: The label sets; no order among the series is promised.
        timestamps: int64, milliseconds since the epoch.
        clocks: int64 of shape (n,), where each series' stretch of ``timestamps`` starts.
        values: float64.
        offsets: int64 of shape (n + 1,).
    """

    labels: LabelColumns
    timestamps: NDArray[np.int64]
    clocks: NDArray[np.int64]
    values: NDArray[np.float64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.clocks)


class Querier(Protocol):
    """Reads a store. Safe to call from any thread; blocks while it reads."""

    def select(
        self, matchers: Sequence[Matcher], start: int, end: int, hints: SelectHints = SelectHints()
    ) -> SeriesSet:
        """All samples with ``start <= t <= end`` (ms) of the series that satisfy every matcher.

        Series without a sample in the range are left out.
        """
        ...

    def label_names(self, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        """The label names of the series that match with samples in the range, sorted; a store may widen the range."""
        ...

    def label_values(self, name: str, matchers: Sequence[Matcher], start: int, end: int) -> list[str]:
        """The values of label ``name`` among the series that match, sorted, without the empty one."""
        ...

    def series(self, matchers: Sequence[Matcher], start: int, end: int) -> LabelColumns:
        """The label sets of the series that match."""
        ...


@dataclass(frozen=True, slots=True)
class LooseSamples:
    """Samples as flat arrays of one length.

    Attributes:
        series: int64, indices into a list of label sets.
        timestamps: int64, milliseconds.
        values: float64.
    """

    series: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What became of the samples of one append, all of it on disk now.

    Attributes:
        stored: Samples that are now in the store.
        repeated: Samples that the store held already with the same value.
        refused: Samples that the store held with another value for the same timestamp; the first one stands.
        too_old: Samples from before the retention.
        highest_sequence: The highest durable sequence of the sender's generation, 0 for samples without a sender.
    """

    stored: int
    repeated: int
    refused: int
    too_old: int
    highest_sequence: int


@dataclass(frozen=True, slots=True)
class SourceEnd:
    """A source of a target that ended, with all its series: a target that fails, or that is watched no more.

    Attributes:
        target: As frames carry it.
        source: Its name.
        timestamp: The first moment without it, milliseconds.
    """

    target: bytes
    source: str
    timestamp: int


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """Frames of one sender that stand for themselves, with the layouts among them that may be new."""

    sender: Sender
    layouts: Sequence[Layout]
    frames: Sequence[Frame]


class Appender(Protocol):
    """Writes a store, from the trio thread. A call returns when its samples are durable; an fsync serves many calls."""

    def unknown_layouts(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Those of the layouts that the store does not hold and the sender must send along."""
        ...

    async def append_frames(self, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> Receipt:
        """Store frames that stand for themselves (``base == 0``); all layouts are known or among ``layouts``.

        All or nothing. A series that leaves the layout of its (target, source) goes stale at the first timestamp
        without it.

        Raises:
            FrameError: a frame does not fit its layout, or names a target that cannot be; nothing was taken.
            StorageFullError, StorageError: nothing was taken; the sender may try again.
        """
        ...

    async def append_deliveries(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | VedetteError]:
        """Store the frames of many senders at once, without a wait for more: each as ``append_frames`` would.

        Returns:
            For each its receipt, or the error that ``append_frames`` would raise.

        Raises:
            StorageError: nothing of any was taken.
        """
        ...

    async def append_samples(self, labels: Sequence[Labels], samples: LooseSamples) -> Receipt:
        """Store loose samples: remote write, explicit timestamps, rules' results. Out of order is fine."""
        ...

    async def append_ends(self, ends: Sequence[SourceEnd]) -> Receipt:
        """Let all series of sources that ended go stale. What has ended already stays as it is."""
        ...
