"""Late samples: what the store holds of them already, outside the head that takes them in.

Readers would not be misled without this, as for one timestamp the first write stands there too; receipts would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.arrays import view_of
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.columns import FactoredColumns
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.layouts import Shape
from vedette_server.storage.index.selection import Selection
from vedette_server.storage.interface import LooseSamples, SeriesSet
from vedette_server.storage.read.assemble import assemble
from vedette_server.storage.read.directory import Directory, Ints, Source
from vedette_shared.frames import ABSENT_BITS

Bits = NDArray[np.uint64]

_NEVER = np.iinfo(np.int64).min


class Floors:
    """For each target the newest timestamp outside the current head."""

    def __init__(self) -> None:
        self._times = np.full(16, _NEVER, np.int64)
        self._view = view_of(self._times)

    def of_all(self, targets: NDArray[Any]) -> Ints:
        """The newest timestamp of each of some targets."""
        within = np.minimum(targets, len(self._times) - 1)
        return np.where(targets < len(self._times), self._times[within], _NEVER)

    def of(self, target: int) -> int:
        """The newest timestamp of a target; less than any, when there is none."""
        return self._view[target] if target < len(self._view) else _NEVER

    def cover(self, directory: Directory) -> None:
        """Take in what a block or a sealed head holds."""
        if len(directory):
            size = int(directory.slot_targets.max()) + 1
            if size > len(self._times):
                grown = np.full(2 * size, _NEVER, np.int64)
                grown[: len(self._times)] = self._times
                self._times = grown
                self._view = view_of(grown)
            np.maximum.at(self._times, directory.slot_targets, directory.slot_last)

    def cover_head(self, head: Head) -> None:
        """Take in a head that is sealed."""
        self.cover(head.view().directory)


def held_of_frame(index: Index, sources: Sequence[Source], target: int, shape: Shape, timestamp: int) -> Bits | None:
    """The bits that ``sources`` hold for a target's series at one time, absent ones where nothing is.

    Returns:
        uint64 of the shape's width, ``None`` if they hold none at all.
    """
    selection = _selection(index, np.array([target]), shape.signatures)
    found = assemble(index, sources, selection, timestamp, timestamp)
    return _spread(found, shape) if len(found) else None


def _spread(found: SeriesSet, shape: Shape) -> Bits:
    held = np.full(len(shape.signatures), ABSENT_BITS, np.uint64)
    order = np.argsort(shape.signatures)
    columns: FactoredColumns = found.labels  # type: ignore[assignment]  # always factored here
    places = order[np.searchsorted(shape.signatures[order], columns.signatures)]
    held[places] = found.values.view(np.uint64)[found.offsets[:-1]]
    return held


def held_of_samples(
    index: Index, sources: Sequence[Source], numbers: Ints, samples: LooseSamples, late: NDArray[np.intp]
) -> Bits:
    """The bits that ``sources`` hold for some of the samples, absent ones where nothing is.

    Args:
        index: The names.
        sources: What to look in.
        numbers: Label sets, as ``Index.loose`` numbers them.
        samples: Samples of them.
        late: Which of the samples to look for.

    Returns:
        uint64 of the shape of ``late``.
    """
    held = np.full(len(late), ABSENT_BITS, np.uint64)
    wanted = numbers[samples.series[late]]
    targets, signatures = index.loose_targets[wanted], index.loose_signatures[wanted]
    times = samples.timestamps[late]
    selection = _selection(index, targets, signatures)
    found = assemble(index, sources, selection, int(times.min()), int(times.max()))
    keys = index.targets.sums()[targets] + index.signatures.sums()[signatures]
    columns: FactoredColumns = found.labels  # type: ignore[assignment]  # always factored here
    known = index.targets.sums()[columns.targets] + index.signatures.sums()[columns.signatures]
    number = {key: i for i, key in enumerate(known.tolist())}
    for place, (key, time) in enumerate(zip(keys.tolist(), times.tolist(), strict=True)):
        i = number.get(key)
        if i is None:
            continue
        count = int(found.offsets[i + 1] - found.offsets[i])
        clock = found.timestamps[found.clocks[i] : found.clocks[i] + count]
        row = int(np.searchsorted(clock, time))
        if row < count and clock[row] == time:
            held[place] = found.values.view(np.uint64)[found.offsets[i] + row]
    return held


def _selection(index: Index, targets: NDArray[Any], signatures: NDArray[Any]) -> Selection:
    of_targets = np.zeros(len(index.targets), np.bool_)
    of_signatures = np.zeros(len(index.signatures), np.bool_)
    of_targets[targets] = True
    of_signatures[signatures] = True
    nothing_t, nothing_s = np.zeros((0, len(of_targets)), np.bool_), np.zeros((0, len(of_signatures)), np.bool_)
    return Selection(of_targets, of_signatures, nothing_t, nothing_s)
