"""Who is who: targets, signatures and layouts under numbers, and loose label sets parted into both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.arrays import GrowingArray
from vedette_server.storage.index.layouts import Layouts, Shape
from vedette_server.storage.index.table import LabelTable
from vedette_shared.errors import FrameError
from vedette_shared.frames import decode_target
from vedette_shared.labels import METRIC_NAME, Labels

TARGET_LABELS = frozenset({"host", "instance", "job"})
"""The labels of a loose series that make its target, unless a target is known that has more of them."""

_MAX_REMEMBERED = 1 << 20


class Index:
    """All names that the store knows.

    Attributes:
        generation: Grows when names are forgotten: the numbers that ``loose`` gave before are of no use then.
    """

    def __init__(self) -> None:
        self.targets = LabelTable()
        self.signatures = LabelTable()
        self.layouts = Layouts(self.signatures)
        self._encoded_targets: dict[bytes, int] = {}
        self._wider: dict[Labels, list[tuple[Labels, int]]] = {}
        self._loose: dict[Labels, int] = {}
        self._loose_targets = GrowingArray(np.int32)
        self._loose_signatures = GrowingArray(np.int32)
        self._single: dict[int, Shape] = {}
        self.generation = 0

    def target(self, encoded: bytes) -> int:
        """The number of a target as a frame carries it.

        Raises:
            FrameError: the bytes are no label set, or one with a metric name.
        """
        number = self._encoded_targets.get(encoded)
        if number is None:
            labels = decode_target(encoded)
            if any(name == METRIC_NAME for name, _ in labels):
                raise FrameError(f"a target must not have the label {METRIC_NAME}")
            number = self._encoded_targets[bytes(encoded)] = self.intern_target(labels)
        return number

    def intern_target(self, labels: Labels) -> int:
        """The number of a target's label set."""
        known = len(self.targets)
        number = self.targets.intern(labels)
        if number == known:
            narrow = tuple(pair for pair in labels if pair[0] in TARGET_LABELS)
            if narrow != labels:
                wider = self._wider.setdefault(narrow, [])
                wider.append((labels, number))
                wider.sort(key=lambda entry: -len(entry[0]))
                self._loose.clear()
        return number

    def shape(self, target: int, layout_hash: bytes) -> Shape:
        """The signatures of a known layout at a target."""
        return self.layouts.shape_for(layout_hash, self.targets.labels(target))

    def loose(self, labels: Sequence[Labels]) -> NDArray[np.int64]:
        """Number whole label sets; ``loose_targets`` and ``loose_signatures`` say how each number is parted.

        The same set always gives the same series to a reader, however it was parted: series are joined by the hash of
        all their labels.
        """
        known = self._loose
        numbers = [known.get(one, -1) for one in labels]
        if -1 in numbers:
            numbers = [self._part(one) if number < 0 else number for number, one in zip(numbers, labels, strict=True)]
        return np.array(numbers, np.int64)

    @property
    def loose_count(self) -> int:
        """How many numbers ``loose`` has given."""
        return len(self._loose_targets)

    @property
    def loose_targets(self) -> NDArray[np.int32]:
        """The target of each number that ``loose`` gave."""
        return self._loose_targets.view()

    @property
    def loose_signatures(self) -> NDArray[np.int32]:
        """The signature of each number that ``loose`` gave."""
        return self._loose_signatures.view()

    def single(self, signature: int) -> Shape:
        """The shape of a row with one value."""
        shape = self._single.get(signature)
        if shape is None:
            shape = self._single[signature] = Shape(np.array([signature], np.int32), 1)
        return shape

    def forget(self, targets: NDArray[np.intp], signatures: NDArray[np.intp]) -> None:
        """Forget targets and signatures that nothing refers to any more, by their numbers."""
        lost_targets, lost_signatures = set(targets.tolist()), set(signatures.tolist())
        self.targets.forget(targets)
        self.signatures.forget(signatures)
        self._encoded_targets = {key: n for key, n in self._encoded_targets.items() if n not in lost_targets}
        wider = {
            narrow: [(labels, n) for labels, n in known if n not in lost_targets]
            for narrow, known in self._wider.items()
        }
        self._wider = {narrow: known for narrow, known in wider.items() if known}
        self._single = {n: shape for n, shape in self._single.items() if n not in lost_signatures}
        self._loose.clear()
        self._loose_targets, self._loose_signatures = GrowingArray(np.int32), GrowingArray(np.int32)
        self.generation += 1

    def _part(self, labels: Labels) -> int:
        if len(self._loose) >= _MAX_REMEMBERED:
            self._loose.clear()
        target, signature = self._parted(labels)
        number = self._loose.get(labels, -1)
        if number < 0:
            number = self._loose[labels] = len(self._loose_targets)
            self._loose_targets.append(target)
            self._loose_signatures.append(signature)
        return number

    def _parted(self, labels: Labels) -> tuple[int, int]:
        narrow = tuple(pair for pair in labels if pair[0] in TARGET_LABELS)
        pairs = set(labels)
        for wide, number in self._wider.get(narrow, ()):
            if pairs.issuperset(wide):
                rest = tuple(pair for pair in labels if pair not in wide)
                return number, self.signatures.intern(rest)
        rest = tuple(pair for pair in labels if pair[0] not in TARGET_LABELS)
        return self.intern_target(narrow), self.signatures.intern(rest)
