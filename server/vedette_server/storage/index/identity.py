"""Who is who: targets, signatures and layouts under numbers, and loose label sets parted into both."""

from __future__ import annotations

import numpy as np

from vedette_server.storage.index.layouts import Layouts, Shape
from vedette_server.storage.index.table import LabelTable
from vedette_shared.errors import FrameError
from vedette_shared.frames import decode_target
from vedette_shared.labels import METRIC_NAME, Labels

TARGET_LABELS = frozenset({"host", "instance", "job"})
"""The labels of a loose series that make its target, unless a target is known that has more of them."""

_MAX_REMEMBERED = 1 << 20


class Index:
    """All names that the store knows."""

    def __init__(self) -> None:
        self.targets = LabelTable()
        self.signatures = LabelTable()
        self.layouts = Layouts(self.signatures)
        self._encoded_targets: dict[bytes, int] = {}
        self._wider: dict[Labels, list[tuple[Labels, int]]] = {}
        self._loose: dict[Labels, tuple[int, int]] = {}
        self._single: dict[int, Shape] = {}

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

    def loose(self, labels: Labels) -> tuple[int, int]:
        """Part a whole label set into (target, signature).

        The same set always gives the same series to a reader, however it was parted: series are joined by the hash of
        all their labels.
        """
        parted = self._loose.get(labels)
        if parted is None:
            if len(self._loose) >= _MAX_REMEMBERED:
                self._loose.clear()
            parted = self._loose[labels] = self._part(labels)
        return parted

    def single(self, signature: int) -> Shape:
        """The shape of a row with one value."""
        shape = self._single.get(signature)
        if shape is None:
            shape = self._single[signature] = Shape(np.array([signature], np.int32), 1)
        return shape

    def _part(self, labels: Labels) -> tuple[int, int]:
        narrow = tuple(pair for pair in labels if pair[0] in TARGET_LABELS)
        pairs = set(labels)
        for wide, number in self._wider.get(narrow, ()):
            if pairs.issuperset(wide):
                rest = tuple(pair for pair in labels if pair not in wide)
                return number, self.signatures.intern(rest)
        rest = tuple(pair for pair in labels if pair[0] not in TARGET_LABELS)
        return self.intern_target(narrow), self.signatures.intern(rest)
