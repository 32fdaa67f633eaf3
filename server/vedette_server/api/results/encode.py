"""Results as JSON in pieces, so that a large one is on its way before all of it is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette_server.api.numbers import format_time, format_value
from vedette_server.api.results import kernels, plain
from vedette_server.api.results.decimals.kernels import TIME_BYTES
from vedette_server.api.results.labels import LabelPairs, label_pairs
from vedette_server.api.results.series import FlatSeries, flat_series
from vedette_server.api.texts import encode_text
from vedette_server.compiled import in_background
from vedette_server.promql import Result
from vedette_server.promql.columns import empty_labels
from vedette_server.storage.interface import LabelColumns

PIECE_BYTES = 4 * 2**20
"""The room for a piece; it grows for a series that does not fit, and mostly half of it is needed.

With a tenth of it, an answer of 40 MB took twice as long: threads then hand pieces over more than they write.
"""

Piece: TypeAlias = bytes | memoryview

_Portion: TypeAlias = tuple[int, int, int]
"""The first row, the one after the last, and the bytes that they take at the most."""

_Kind = TypeVar("_Kind", bound=np.generic)

_PROCESSORS = os.cpu_count() or 1
_helpers = ThreadPoolExecutor(_PROCESSORS, "results")
"""Write every other piece of a large answer; the threads start with the first one."""

NOTHING: Mapping[str, object] = MappingProxyType({})


def encode_result(result: Result, extra: Mapping[str, object] = NOTHING) -> Iterator[Piece]:
    """Yield the pieces of ``{"resultType": …, "result": …}`` with the members of ``extra``; for a worker thread."""
    yield b'{"resultType":"%b","result":' % result.type.encode()
    if result.type in ("vector", "matrix"):
        yield b"["
        yield from encode_series(flat_series(result))
        yield b"]"
    else:
        text = encode_text(result.text if result.type == "string" else format_value(float(result.values[0, 0])))
        yield b"[%b,%b]" % (format_time(int(result.steps[0])).encode(), text)
    members = b"".join(b",%b:%b" % (encode_text(name), msgspec.json.encode(value)) for name, value in extra.items())
    yield members + b"}"


def encode_series(series: FlatSeries) -> Iterator[Piece]:
    """Yield the entries of a list, with commas between them, piece by piece."""
    if not len(series):
        return
    pairs = label_pairs(series.labels)
    room = np.diff(series.offsets) * kernels.POINT_BYTES + pairs.lengths + kernels.SERIES_BYTES
    if is_compiled():
        writer = _Writer(series, pairs)
        size = int(room.sum())
        yield from (
            [writer.write((0, len(series), size))] if size <= PIECE_BYTES else _in_pairs(writer.write, _portions(room))
        )
        return
    for first, last, _ in _portions(room):
        yield b"," if first else b""
        yield plain.write_series(series, first, last)


def _in_pairs(write: Callable[[_Portion], memoryview], portions: Iterable[_Portion]) -> Iterator[Piece]:
    """Write the portions, two at once where there are two processors, with commas between them."""
    rest = iter(portions)
    comma = b""
    for portion in rest:
        following = next(rest, None)
        ahead = _helpers.submit(write, following) if following is not None and _PROCESSORS > 1 else None
        yield comma
        yield write(portion)
        comma = b","
        if following is not None:
            yield comma
            yield write(following) if ahead is None else ahead.result()


def encode_label_sets(labels: LabelColumns) -> Iterator[bytes]:
    """Yield the pieces of a list of objects."""
    pairs = label_pairs(labels)
    yield b"["
    for first, last, size in _portions(pairs.lengths + kernels.SERIES_BYTES):
        if first:
            yield b","
        if is_compiled():
            out = np.empty(size, np.uint8)
            length = kernels.write_label_sets(pairs.codes, pairs.text, pairs.bounds, first, last, out)
            yield out[:length].tobytes()
        else:
            yield plain.write_label_sets(labels, first, last)
    yield b"]"


def is_compiled() -> bool:
    """Whether the kernels are ready. Until they are, results are written in Python: quicker than the compiler is."""
    return bool(getattr(kernels.write_label_sets, "overloads", ()))


def warm_up() -> None:
    """Compile the kernels, or load them from the cache of compiled code. Takes seconds once after an installation."""
    one = np.zeros(1, np.int64)
    bounds = np.array([0, 1], np.int64)
    series = FlatSeries(empty_labels(1), one, one, np.zeros(1), bounds, np.zeros(0, np.bool_), single=True)
    pairs = label_pairs(series.labels)
    with in_background():
        _Writer(series, pairs).write((0, 1, PIECE_BYTES))
        kernels.write_label_sets(pairs.codes, pairs.text, pairs.bounds, 0, 1, np.empty(PIECE_BYTES, np.uint8))


def _portions(room: NDArray[np.int64]) -> Iterator[_Portion]:
    """Part rows, which take up to ``room`` bytes each, into (first, one after the last, bytes)."""
    ends = np.cumsum(room)
    first = taken = 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, taken + PIECE_BYTES, side="right")))
        yield first, last, int(ends[last - 1]) - taken
        first, taken = last, int(ends[last - 1])


class _Writer:
    """The kernel and what it is called with."""

    def __init__(self, series: FlatSeries, pairs: LabelPairs) -> None:
        self._pairs = pairs
        self._single = series.single
        self._times = np.empty(len(series.times) * TIME_BYTES, np.uint8)
        self._time_bounds = kernels.write_times(_plain(series.times), self._times)
        self._clocks, self._offsets = _plain(series.clocks), _plain(series.offsets)
        self._values, self._present = _plain(series.values.view(np.uint64)), _plain(series.present)

    def write(self, portion: _Portion) -> memoryview:
        first, last, room = portion
        out = np.empty(room, np.uint8)
        length = kernels.write_series(
            self._pairs.codes,
            self._pairs.text,
            self._pairs.bounds,
            self._times,
            self._time_bounds,
            self._clocks,
            self._values,
            self._offsets,
            self._present,
            self._single,
            first,
            last,
            out,
        )
        return out[:length].data


def _plain(array: NDArray[_Kind]) -> NDArray[_Kind]:
    """The array contiguous and writable: for any other kind the kernel would be compiled anew."""
    return array if array.flags.carray else np.require(array, requirements=["C", "W"])
