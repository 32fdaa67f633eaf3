"""The layouts that the store knows, as signatures; what is said of their families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.index.table import LabelTable
from vedette_server.storage.log.records import encode_layout
from vedette_shared.exposition import family_head
from vedette_shared.frames import Layout, Metadata
from vedette_shared.labels import METRIC_NAME, Labels, make_labels

EXPORTED = "exported_"
"""Goes before the name of a series' label that its target has too, as Prometheus does it."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The signatures of a row's values, in order.

    Attributes:
        signatures: int32, distinct.
        columns: Where a layout names a series twice, the places that count; else ``None``.
        width: The number of values in a frame, before ``columns`` are taken.
    """

    signatures: NDArray[np.int32]
    width: int
    columns: NDArray[np.intp] | None = None


@dataclass(slots=True)
class KnownLayout:
    """A layout by what the store needs of it.

    Attributes:
        shape: For targets that share no label name with it, which are nearly all.
        label_names: The label names of its series.
        width: The number of its series.
        record: What the log's segments say of it.
        described: Where it has no series and only says what families are, the names that series of those have.
    """

    shape: Shape
    label_names: frozenset[str]
    width: int
    record: bytes
    described: frozenset[str]
    renamed: dict[frozenset[str], Shape] = field(default_factory=dict)


class Layouts:
    """Layouts by hash."""

    def __init__(self, signatures: LabelTable) -> None:
        self._signatures = signatures
        self._known: dict[bytes, KnownLayout] = {}
        self._metadata: dict[str, Metadata] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, layout_hash: bytes) -> bool:
        return layout_hash in self._known

    def hashes(self) -> list[bytes]:
        """The hashes of all layouts."""
        return list(self._known)

    def shapes(self) -> Iterator[Shape]:
        """The shapes of all layouts."""
        for known in self._known.values():
            yield known.shape
            yield from known.renamed.values()

    def width(self, layout_hash: bytes) -> int:
        """The number of series of a known layout."""
        return self._known[layout_hash].width

    def record(self, layout_hash: bytes) -> bytes:
        """The payload of a known layout's record in the log."""
        return self._known[layout_hash].record

    def descriptions(self) -> Iterator[tuple[bytes, frozenset[str]]]:
        """The hashes of layouts without series, and the names of the series that they say something of."""
        for layout_hash, known in self._known.items():
            if not known.width:
                yield layout_hash, known.described

    def add(self, layout: Layout) -> bool:
        """Take a layout in; tell whether it is new."""
        if layout.hash in self._known:
            return False
        self._known[layout.hash] = self._learn(layout)
        self._metadata.update((family.name, family) for family in layout.families)
        return True

    def forget(self, hashes: Iterable[bytes]) -> None:
        """Drop layouts; a sender that still uses one is asked for it."""
        for layout_hash in hashes:
            self._known.pop(layout_hash, None)

    def shape_for(self, layout_hash: bytes, target: Labels) -> Shape:
        """The signatures of a layout's series at a target; a label that both have is renamed, lest one be lost."""
        return self._for_target(self._known[layout_hash], target)

    def preview(self, layout: Layout, target: Labels) -> Shape:
        """As ``shape_for``, for a layout that is not taken in yet."""
        return self._for_target(self._learn(layout), target)

    def metadata(self) -> dict[str, Metadata]:
        """What is said of the families, by name; the last word counts."""
        return dict(self._metadata)

    def _learn(self, layout: Layout) -> KnownLayout:
        sets = [make_labels([(METRIC_NAME, series.name), *series.labels]) for series in layout.series]
        names = frozenset(name for labels in sets for name, _ in labels)
        described = frozenset[str]().union(*(() if sets else (family_head(one).names for one in layout.families)))
        return KnownLayout(self._shape(sets), names, len(sets), encode_layout(layout), described)

    def _for_target(self, layout: KnownLayout, target: Labels) -> Shape:
        common = layout.label_names.intersection([name for name, _ in target])
        if not common:
            return layout.shape
        shape = layout.renamed.get(common)
        if shape is None:
            sets = [self._signatures.labels(int(number)) for number in self._all(layout.shape)]
            shape = self._shape([_renamed(labels, common) for labels in sets])
            layout.renamed[common] = shape
        return shape

    def _all(self, shape: Shape) -> NDArray[np.int32]:
        if shape.columns is None:
            return shape.signatures
        # A series that stands twice keeps its first place; the others are of no account under any name.
        every = np.full(shape.width, shape.signatures[0], np.int32)
        every[shape.columns] = shape.signatures
        return every

    def _shape(self, sets: list[Labels]) -> Shape:
        numbers = np.fromiter(map(self._signatures.intern, sets), np.int32, len(sets))
        _, first = np.unique(numbers, return_index=True)
        if len(first) == len(numbers):
            return Shape(numbers, len(numbers))
        columns = np.sort(first)
        return Shape(numbers[columns], len(numbers), columns)


def _renamed(labels: Labels, names: frozenset[str]) -> Labels:
    renamed = [(EXPORTED + name if name in names else name, value) for name, value in labels]
    taken: set[str] = set()
    pairs = []
    for name, value in renamed:
        while name in taken:
            name = EXPORTED + name
        taken.add(name)
        pairs.append((name, value))
    return make_labels(pairs)
