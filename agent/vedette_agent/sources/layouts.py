"""Which layout a collection gets: as seldom as can be another one than the collection before.

A layout costs as much as a dozen frames, so a series that is missing this time does not change it: its place is kept,
once with a stale marker and then as absent. Only a series that is new makes a new layout, which has what there is then.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from vedette_shared.frames import ABSENT, STALE_NAN, Layout, layout_of, values_of
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily, MetricType

_Shape = list[tuple[str, Labels]]
_Families = list[tuple[str, MetricType, str, str, int]]
_Metadata = tuple[MetricType, str, str]


class LayoutKeeper:
    """Gives layouts and values for the collections of one source.

    Args:
        make: Makes the layout of families; it may rename their labels, and keeps their order and number.
    """

    def __init__(self, make: Callable[[Sequence[MetricFamily]], Layout] = layout_of) -> None:
        self._make = make
        self._layout: Layout | None = None
        self._places: dict[tuple[str, Labels], int] = {}
        self._metadata: dict[str, _Metadata] = {}
        self._shape: _Shape = []
        self._families: _Families = []
        self._order: list[int] | None = None
        """Where the samples of ``_shape`` stand in the layout; ``None`` where they are in its order, and all of it."""

    def fit(self, families: Sequence[MetricFamily]) -> tuple[Layout, bytes]:
        """Return a layout, and the values of ``families`` in its order, as doubles."""
        shape = [(sample.name, sample.labels) for family in families for sample in family.samples]
        described = [(f.name, f.type, f.help, f.unit, len(f.samples)) for f in families]
        gone: set[int] = set()
        if self._layout is None or shape != self._shape or described != self._families:
            gone = self._change(shape, described, families)
        assert self._layout is not None
        if self._order is None:
            return self._layout, values_of(families).tobytes()
        values = array("d", [ABSENT]) * len(self._layout)
        for place in gone:
            values[place] = STALE_NAN
        for place, value in zip(self._order, values_of(families), strict=True):
            values[place] = value
        return self._layout, values.tobytes()

    def _change(self, shape: _Shape, described: _Families, families: Sequence[MetricFamily]) -> set[int]:
        """Take another shape in; return the places of the layout whose series were there and are gone."""
        if not self._fits(shape, described):
            self._layout = self._make(families)
            self._places = {key: place for place, key in enumerate(shape)}
            self._metadata = {name: (kind, text, unit) for name, kind, text, unit, _ in described}
            self._shape, self._families, self._order = shape, described, None
            return set()
        before = range(len(self._places)) if self._order is None else self._order
        self._order = [self._places[key] for key in shape]
        self._shape, self._families = shape, described
        return set(before) - set(self._order)

    def _fits(self, shape: _Shape, described: _Families) -> bool:
        """Whether the layout at hand can hold the shape: nothing is new, and not most of it is gone."""
        if self._layout is None or len(self._places) != len(self._layout) or 2 * len(shape) < len(self._layout):
            return False
        if any(self._metadata.get(name) != (kind, text, unit) for name, kind, text, unit, _ in described):
            return False
        return all(key in self._places for key in shape)
