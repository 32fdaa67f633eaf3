"""Layouts: the ordered series that one source of one target reports, named by a hash. ``FORMAT.md`` has the format."""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from vedette_shared.errors import FrameError
from vedette_shared.labels import Labels, flatten, unflatten
from vedette_shared.metrics import MetricFamily, MetricType

HASH_BYTES = 16

_EncodedFamily = tuple[str, str, str, str, list[tuple[str, list[str]]]]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_EncodedFamily])


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is said of a metric family beside its samples."""

    name: str
    type: MetricType
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One place in a layout: a sample's name and its labels, without those of the target.

    ``family`` is the index of its family's metadata in the layout.
    """

    name: str
    labels: Labels
    family: int


@dataclass(frozen=True, slots=True)
class Layout:
    """An ordered list of series with their metadata. Equal layouts have equal hashes.

    Attributes:
        families: The metadata, in order.
        series: One for each value of a frame; those of a family stand together.
        encoded: The layout as it goes over the wire.
        hash: 16 bytes, the name of the layout.
    """

    families: tuple[Metadata, ...] = field(compare=False)
    series: tuple[Series, ...] = field(compare=False)
    encoded: bytes = field(compare=False, repr=False)
    hash: bytes

    def __len__(self) -> int:
        return len(self.series)


def layout_of(families: Iterable[MetricFamily]) -> Layout:
    """Return the layout of all samples of ``families``, in their order."""
    return _layout(
        [
            (
                family.name,
                family.type.value,
                family.help,
                family.unit,
                [(sample.name, flatten(sample.labels)) for sample in family.samples],
            )
            for family in families
        ]
    )


def values_of(families: Iterable[MetricFamily]) -> array[float]:
    """Return the values of all samples of ``families`` as doubles, in the order of ``layout_of``."""
    return array("d", [sample.value for family in families for sample in family.samples])


def decode_layout(encoded: bytes) -> Layout:
    """Return the layout that ``encoded`` holds.

    Raises:
        FrameError: the bytes are not a layout, or not in its one canonical form.
    """
    try:
        families = _decoder.decode(encoded)
        layout = _layout(families)
    except (msgspec.DecodeError, ValueError) as error:
        raise FrameError(f"malformed layout: {error}") from error
    if layout.encoded != encoded:
        raise FrameError("malformed layout: not in canonical form")
    return layout


class LayoutDecoder:
    """Decodes layouts, and those that came lately only once: the hosts of a fleet report alike."""

    def __init__(self, remembered: int = 64) -> None:
        self._remembered = remembered
        self._recent: OrderedDict[bytes, Layout] = OrderedDict()

    def decode(self, encoded: bytes) -> Layout:
        """As ``decode_layout``; for the same bytes maybe the very object of before."""
        key = _hash(encoded)
        layout = self._recent.get(key)
        if layout is None:
            layout = self._recent[key] = decode_layout(encoded)
            if len(self._recent) > self._remembered:
                self._recent.popitem(last=False)
        else:
            self._recent.move_to_end(key)
        return layout


def _hash(encoded: bytes) -> bytes:
    return hashlib.blake2b(encoded, digest_size=HASH_BYTES).digest()


def _layout(families: Sequence[_EncodedFamily]) -> Layout:
    encoded = _encoder.encode(families)
    return Layout(
        families=tuple(Metadata(name, MetricType(kind), text, unit) for name, kind, text, unit, _ in families),
        series=tuple(
            Series(name, unflatten(flat), index)
            for index, (_, _, _, _, samples) in enumerate(families)
            for name, flat in samples
        ),
        encoded=encoded,
        hash=_hash(encoded),
    )


class LayoutMemory:
    """Gives the layout of each collection of one source, and encodes it anew only when its series have changed.

    Args:
        make: Makes the layout of families.
    """

    def __init__(self, make: Callable[[Sequence[MetricFamily]], Layout] = layout_of) -> None:
        self._make = make
        self._shape: list[tuple[str, Labels]] = []
        self._names: list[tuple[str, str, int]] = []
        self._layout: Layout | None = None

    def layout_of(self, families: Sequence[MetricFamily]) -> Layout:
        """Return the layout of ``families``, the very object of the call before where nothing has changed."""
        shape = [(sample.name, sample.labels) for family in families for sample in family.samples]
        names = [(family.name, family.help, len(family.samples)) for family in families]
        if self._layout is None or shape != self._shape or names != self._names:
            self._layout = self._make(families)
            self._shape, self._names = shape, names
        return self._layout
